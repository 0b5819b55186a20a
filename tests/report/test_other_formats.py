"""Markdown, JUnit, terminal lines, the results document, and the files of a run folder."""

import doctest
import json
import re
from xml.etree import ElementTree

import pytest

from dspysota.cli import main
from dspysota.errors import RunError
from dspysota.records import Prices, Run, TokenPrice
from dspysota.report import html, junit, load_meta, markdown, results, terminal, text, write_all
from dspysota.report.charts import labels, points, spec, stacks
from dspysota.report.meta import Outcome, ReportMeta
from dspysota.report.sections import banner, environment
from tests.factories import make_case, make_grid, make_info, make_run

ODD = "a\x00b\x0c \ud800 \ufffe ]]> <b> `x` | y \u202e"


@pytest.mark.parametrize(
    "module", [text, markdown, banner, environment, labels, points, spec, stacks], ids=lambda m: m.__name__
)
def test_docstring_examples_are_true(module):
    """Every example in a docstring gives what it says."""
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0


def odd_run():
    info = make_info(approach=ODD, versions={ODD: ODD}, machine={ODD: ODD})
    return Run(info=info, cases=(make_case(ODD, question=ODD),))


def test_summary_begins_with_what_failed(grid, meta):
    """Headline, then a line for each failed run, then the table, failed runs first."""
    lines = markdown.summary(grid, meta).splitlines()
    assert lines[0] == "### Small against large: 1 of 9 runs missed its bar"
    assert lines[2].startswith("- ❌ **gsm8k · qwen2.5-coder-0.5b · cot · bootstrap**: accuracy 0.167 \\< 0.3")
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) == len(grid)
    assert rows[0].startswith("| ❌ ")


def test_summary_fits_a_comment_whatever_the_number_of_runs():
    """GitHub refuses more than 65,536 characters; what does not fit is counted."""
    runs = [make_run(seed=i, key=f"k{i}", approach="a" * 80) for i in range(600)]
    summary = markdown.summary(runs, ReportMeta(command="x"))
    assert len(summary) <= markdown.MOST
    assert re.search(r"and \d+ more in report.html", summary)


def test_summary_rows_keep_their_columns_whatever_the_names():
    """A pipe in a name does not become a column."""
    [row] = [line for line in markdown.summary([odd_run()], ReportMeta(command=ODD)).splitlines() if "| ·" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 9


def test_junit_has_a_case_a_run_with_its_numbers(grid, meta):
    """Score, interval, tokens, p95 and verdict are properties; a failed run carries its sentences."""
    top = ElementTree.fromstring(junit.render(grid, meta))
    assert top.attrib["tests"] == str(len(grid))
    assert top.attrib["failures"] == "1"
    [first, *_] = top.findall("testsuite/testcase")
    assert first.attrib["name"] == "evals/x.py::t[3]"
    values = {one.attrib["name"]: one.attrib["value"] for one in first.findall("properties/property")}
    assert values["verdict"] == "failed"
    assert float(values["exact_match_low"]) <= float(values["exact_match"]) <= float(values["exact_match_high"])
    assert float(values["tokens_per_question"]) > 0
    assert float(values["p95_seconds"]) >= float(values["p50_seconds"])
    assert "accuracy 0.167 < 0.3" in first.findtext("failure", "")


def test_junit_is_well_formed_whatever_it_holds(tmp_path):
    """Characters that XML cannot hold are replaced, and the file is UTF-8."""
    run = odd_run()
    meta = ReportMeta(command=ODD, outcomes={run.info.key: Outcome(outcome="failed", misses=(ODD,), test=ODD)})
    junit.write(tmp_path / "junit.xml", [run], meta)
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().attrib["failures"] == "1"


def test_a_run_that_could_not_be_made_is_an_error_everywhere(grid):
    """A missing run turns every report red, with its reason, however well the others did."""
    test, why = "evals/test_a.py::test_a[x]", "ServerError: No server answers."
    meta = ReportMeta(command="pytest evals", unmade={test: why}, missing=("gsm8k x",))

    suite = ElementTree.fromstring(junit.render(grid, meta)).find("testsuite")
    assert suite is not None
    assert (suite.get("errors"), suite.get("tests")) == ("1", str(len(grid) + 1))
    for report in (markdown.summary(grid, meta), html.render(grid, meta), html.render([], meta)):
        assert "1 run could not be measured" in report
        assert "No server answers." in report


def test_a_test_that_failed_for_another_reason_is_listed_apart(grid):
    """It fails everywhere, with its reason, and no run fails with it."""
    meta = ReportMeta(command="pytest evals", failed={"evals/test_a.py::test_a[x]": "AssertionError: <no>"})

    suite = ElementTree.fromstring(junit.render(grid, meta)).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("tests")) == ("1", str(len(grid) + 1))
    for report in (markdown.summary(grid, meta), html.render(grid, meta)):
        assert "1 test failed for another reason than a bar" in report
        assert "AssertionError: " in report
    assert "<no>" not in html.render(grid, meta)
    assert not any(line.startswith("FAIL") for line in terminal.lines(grid, meta))


def test_a_failure_without_misses_is_still_a_failure():
    """A test can fail for another reason than a bar; its run is red all the same."""
    run = make_run()
    meta = ReportMeta(command="", outcomes={run.info.key: Outcome(outcome="failed")})
    failure = ElementTree.fromstring(junit.render([run], meta)).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "Test"
    assert "misses its bar" not in str(failure.text)
    assert "another reason" in markdown.summary([run], meta)
    assert "another reason" in html.render([run], meta)


def test_terminal_lines_are_aligned_ascii(grid, meta):
    """One line a run in the order given, columns below their heads, missed bars below their run."""
    lines = terminal.lines(grid, meta)
    assert all(line.isascii() for line in lines)
    assert len(lines) == 1 + len(grid) + 1
    assert [line[:4] for line in lines[1:6]] == ["PASS", "PASS", "PASS", "FAIL", "    "]
    assert "- accuracy 0.167 < 0.3" in lines[5]
    at = lines[0].index("score")
    assert all(re.match(r"[01]\.\d{3} \[", line[at:]) for i, line in enumerate(lines) if i not in (0, 5))


def test_terminal_shows_names_as_they_are_to_a_terminal_only(grid):
    """A TTY gets the dots; no escape sequence of a model or its name reaches it."""
    assert " · " in terminal.lines(grid, ascii_only=False)[1]
    assert "\x1b" not in "".join(terminal.lines([make_run(approach="\x1b[2J")], ascii_only=False))


def test_an_interrupted_run_says_so_everywhere():
    """3 of 40 rows is shown as that, never as a whole run."""
    run = make_run([1.0, 1.0, 0.0])
    data = run.info.data.model_copy(update={"rows": 40})
    partial = Run(info=run.info.model_copy(update={"data": data}), cases=run.cases)
    meta = ReportMeta(command="")
    for words in (html.render([partial], meta), markdown.summary([partial], meta), results.body([partial])):
        assert "3/40" in words
    assert " 3/40 " in terminal.lines([partial])[1]


def test_no_runs_no_lines():
    """Nothing measured, nothing said."""
    assert terminal.lines([]) == []


def test_results_hold_every_metric_of_every_run(grid):
    """Scores with intervals for each metric, one table a data set, the command, the digest and the versions."""
    body = results.body(grid, ["pytest evals --sota-limit 12"])
    for run in grid:
        for metric in run.info.metrics:
            assert f"{run.score(metric):.3f} [" in body
        assert run.info.data.digest in body
    for words in ("pytest evals --sota-limit 12", "vllm 0.32.0", "cores 2", "| retrieval miss |", "compile calls"):
        assert words in body
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in body.splitlines() if "zero_shot" in line}
    assert len(widths) > 1


def test_rows_of_different_slices_never_share_a_table(grid):
    """The same data set with another limit has another digest, and a table of its own."""
    body = results.body([make_run([1.0]), make_run([1.0], data=make_info("hotpotqa").data)])
    assert body.count("| model | program | approach | adapter | n |") == 2


def test_results_without_runs_are_refused():
    """An empty table would look like a result."""
    with pytest.raises(RunError, match="no runs"):
        results.body([])


def test_prose_around_the_markers_survives():
    """Only what lies between the markers is replaced, and doing it twice changes nothing."""
    once = results.merged("# Mine\n\nBefore.\n", "first")
    edited = once.replace("Before.", "Before, edited.") + "\nAfter.\n"
    twice = results.merged(edited, "second")
    assert "first" not in twice
    assert twice.startswith("# Mine\n\nBefore, edited.\n")
    assert twice.endswith("\nAfter.\n")
    assert results.merged(twice, "second") == twice


@pytest.mark.parametrize("marker", [results.block().begin, results.block().end])
def test_a_lonely_marker_is_refused(marker):
    """Nobody knows what may be overwritten, so nothing is."""
    with pytest.raises(RunError, match="only one of the markers"):
        results.merged(f"text {marker} text", "new")


def test_write_all_leaves_whole_files_and_nothing_else(tmp_path, grid, meta):
    """Four files, readable by others, and the outcomes can be read back."""
    paths = write_all(tmp_path / "run", grid, meta)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(paths)
    assert set(paths) == {"report.html", "summary.md", "junit.xml", "outcomes.json"}
    assert load_meta(tmp_path / "run") == meta
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in paths.values())


def test_no_outcomes_is_no_error_but_a_broken_file_is(tmp_path):
    """A folder from before has none; a damaged file is named."""
    assert load_meta(tmp_path) is None
    (tmp_path / "outcomes.json").write_text("{")
    with pytest.raises(RunError, match=r"outcomes\.json"):
        load_meta(tmp_path)


@pytest.fixture
def stored(tmp_path, meta):
    """A finished run folder, as the store leaves it."""
    store = pytest.importorskip("dspysota.store")
    folder = store.RunFolder.open(tmp_path / "reports", "key", command="pytest evals --from-store")
    for run in make_grid(cases=3):
        folder.save_run(run)
    folder.finish()
    return folder.path


def test_report_command_makes_the_files_again(stored, meta, capsys):
    """`dspysota report FOLDER` needs nothing but the folder, and gives the same page as was written at first."""
    assert main(["report", str(stored)]) == 0
    assert "pytest evals --from-store" in (stored / "report.html").read_text()
    first = (stored / "report.html").read_bytes()
    assert main(["report", str(stored)]) == 0
    assert (stored / "report.html").read_bytes() == first
    assert str(stored / "junit.xml") in capsys.readouterr().out


def test_report_command_keeps_the_outcomes(stored, capsys):
    """What failed in the session is still failed in the rebuilt report."""
    key = make_grid(cases=3)[0].info.key
    outcomes = {"command": "pytest x", "outcomes": {key: {"outcome": "failed", "misses": ["too low"]}}}
    (stored / "outcomes.json").write_text(json.dumps(outcomes))
    assert main(["report", str(stored), "--title", "Again"]) == 0
    assert "### Again: 1 of 1 runs missed its bar" in (stored / "summary.md").read_text()


def test_report_command_with_several_folders_wants_a_place(stored, capsys):
    """The folders stay as they are; one report of both goes where it is told."""
    assert main(["report", str(stored), str(stored)]) == 2
    assert "--output DIR" in capsys.readouterr().err


def test_results_command_writes_the_document(stored, tmp_path, capsys):
    """The document names the command that made the runs, and a second run changes nothing."""
    target = tmp_path / "results.md"
    assert main(["results", str(stored), "--output", str(target)]) == 0
    first = target.read_text()
    assert "pytest evals --from-store" in first
    assert main(["results", str(stored), "--output", str(target)]) == 0
    assert target.read_text() == first


def test_results_command_prints_without_output(stored, capsys):
    """Without --output the table goes to standard output."""
    assert main(["results", str(stored)]) == 0
    assert "## gsm8k" in capsys.readouterr().out


def test_a_folder_without_runs_is_one_sentence(tmp_path, capsys):
    """A wrong path gives a sentence and status 2, no traceback."""
    assert main(["report", str(tmp_path)]) == 2
    assert "dspysota: " in capsys.readouterr().err


def priced(grid, basis, **prices):
    """The grid with prices of 0.1 and 0.9 dollars a million tokens; the larger model is the reference."""

    def one(run):
        large = "1.5b" in run.info.model.name
        price = TokenPrice(prompt=0.9 if large else 0.1, completion=0.9 if large else 0.1, provider="together")
        changes = {
            "prices": Prices(**{"basis": basis, "tokens": price, **prices}),
            "role": "reference" if large else "candidate",
        }
        return run.model_copy(update={"info": run.info.model_copy(update=changes)})

    return [one(run) for run in grid]


def test_costs_are_shown_only_where_they_are_known(grid, meta):
    """Without prices no column, line or property; with them one of each, and the pair of prices in words."""
    for report in (markdown.summary(grid, meta), junit.render(grid, meta), "\n".join(terminal.lines(grid, meta))):
        assert "cost" not in report
    runs = priced(grid, "list")
    summary = markdown.summary(runs, meta)
    assert "| cost a question |" in summary
    assert "The prices of qwen2.5-coder-0.5b and qwen2.5-coder-1.5b are both of together." in summary
    assert re.search(r"prepared for \$0\.00329, (never )?paid back", summary)
    rows = [line for line in summary.splitlines() if line.startswith("| ")]
    assert {10} == {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert "cost/q" in terminal.lines(runs, meta)[0]


def test_junit_has_costs_with_their_intervals_and_basis(grid, meta):
    """CI systems chart them; dollars have a name of their own, operations do not."""

    def properties(basis):
        first = ElementTree.fromstring(junit.render(priced(grid, basis), meta)).find("testsuite/testcase")
        assert first is not None
        return {one.attrib["name"]: one.attrib["value"] for one in first.findall("properties/property")}

    by_list, by_size = properties("list"), properties("parameters")
    assert ("list", "$") == (by_list["cost_basis"], by_list["cost_unit"])
    assert by_list["usd_per_question"] == by_list["cost_per_question"]
    assert float(by_list["cost_per_question_low"]) < float(by_list["usd_per_question"])
    assert "FLOP" == by_size["cost_unit"]
    assert "usd_per_question" not in by_size


def test_the_page_has_a_table_for_each_basis_and_charts_by_the_one_of_claims(grid, meta):
    """Every known basis is shown, that of claims first and marked; the chart's axis is the cost of a correct answer."""
    page = html.render(priced(grid, "machine", usd_per_hour=2.99), meta)
    places = [page.index(f"By {words}") for words in ("machine price", "list price", "parameters × tokens")]
    assert places == sorted(places)
    assert "claims use this" in page[places[0] : places[1]]
    assert "$2.99 an hour of busy time, 32 questions at once" in page
    assert "$ a correct answer →" in page
    assert "tokens a question →" in html.render(grid, meta)
    assert "FLOP a correct answer →" in html.render(priced(grid, "parameters"), meta)


def test_an_unknown_cost_is_said_and_no_number(grid, meta):
    """By a basis of which nothing is known there is no table, and no zero stands for it."""
    run = make_run([1.0, 0.0])
    bare = Run(
        info=run.info.model_copy(update={"model": run.info.model.model_copy(update={"parameters": None})}),
        cases=run.cases,
    )
    section = html.render([bare], meta).partition('<section id="costs"')[2].partition("</section>")[0]
    assert "Tokens a question" in section
    assert not re.search(r"\$|FLOP|By |What was spent", section)
    page = html.render([bare, *priced(grid, "list")], meta)
    assert f"Of these nothing is known: {bare.name}" in page
