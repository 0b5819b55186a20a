"""What other tools' reports of a session show of runs and claims: pytest-html's page, and pytest's own JUnit file."""

import html
import json
import re
from xml.etree import ElementTree

import pytest

from tests.plugin.claimed import EVALS, LARGE, PROFILE, SMALL

pytest_plugins = ["pytester"]

BOTH = (
    EVALS
    + """
@pytest.mark.sota(task="gsm8k")
def test_bar(sota, cell):
    run = sota.run(cell)
    assert run >= sota.threshold(cell, run)
"""
)


def written(project, *arguments):
    """The page of pytest-html, and its rows: the texts of their cells by test and column."""
    project.run("--html", "page/all.html", "--self-contained-html", *arguments)
    page = (project.path / "page" / "all.html").read_text()
    head = [text(one) for one in re.findall(r"<th.*?</th>", page, re.S)]
    blob = json.loads(html.unescape(re.findall(r'data-jsonblob="(.*?)"', page, re.S)[0]))
    rows = {
        test: dict(zip(head, map(text, one["resultsTableRow"]), strict=True)) for test, (one,) in blob["tests"].items()
    }
    return page, {re.findall(r"::(\w+\[.*?)-zero", test)[0].replace("[", " "): row for test, row in rows.items()}, blob


def text(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


def properties(path):
    """Of each test case of pytest's own JUnit file, by its name."""
    return {
        case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")}
        for case in ElementTree.parse(path).iter("testcase")
    }


@pytest.mark.parametrize(
    "right,word,result", [(40, "PASS", "Passed"), (20, "FAIL", "Failed"), (37, "INCONCLUSIVE", "Failed")]
)
def test_pytest_html_has_the_summary_of_the_banner_and_the_figures_of_each_tests_own_run(claimed, right, word, result):
    """Word and sentence of every claim on top; a claim's row shows its candidate, never what it was compared with."""
    project = claimed(right=right)
    project.tests(BOTH)

    page, rows, _ = written(project)

    summary = text(page.partition('class="additional-summary prefix">')[2].partition('class="run-count"')[0])
    assert f"The claim: {word}" in summary
    assert f"{word} gsm8k · {SMALL} · cot · zero_shot (measured) against {LARGE}" in summary
    assert f"quality ratio {right / 40:.3f} (" in summary
    assert "All 2 judged runs cleared their bars" in summary
    assert '<a href="../reports/' in page
    row, bar = rows[f"test_claim {SMALL}"], rows[f"test_bar {LARGE}"]
    assert (word, result, SMALL) == (row["Verdict"], row["Result"], row["Model"])
    assert re.fullmatch(rf"{right / 40:.3f} \[0\.\d+, \d\.\d+\]", row["Score [95% CI]"])
    assert re.fullmatch(rf"quality {right / 40:.3f} \(\d\.\d+\.\.\d\.\d+\)", row["Ratio"])
    assert ("", "", LARGE, "1.000") == (bar["Verdict"], bar["Ratio"], bar["Model"], bar["Score [95% CI]"][:5])
    assert "" == row["Cost/question"], "nobody gave a price"


def test_pytest_html_tells_an_undecided_claim_from_one_that_holds(claimed):
    """Where it may be open its test passes, and pytest-html knows no third: the word and the summary say so."""
    _, rows, blob = written(claimed(right=37), "--sota-inconclusive=warn")
    row = rows[f"test_claim {SMALL}"]

    assert ("Passed", "INCONCLUSIVE") == (row["Result"], row["Verdict"])
    [one] = next(iter(blob["tests"].values()))
    assert ("Passed", "INCONCLUSIVE") == (one["result"], one["verdict"]), "what pytest-html filters and sorts by"


def test_pytest_html_says_how_it_counts_what_is_undecided(claimed):
    """Its own counts have no place for it."""
    undecided, _, _ = written(claimed(right=37), "--sota-inconclusive=warn")

    assert "1 test is INCONCLUSIVE, which pytest-html counts as passed or failed" in undecided


def test_pytest_html_shows_costs_where_there_are_any(claimed):
    """Of the run, and the ratio of a claim that names one."""
    project = claimed(right=40)
    project.profile("cost: parameters\n" + PROFILE.replace("quality_ratio: 0.9", "quality_ratio: 0.9, cost_ratio: 0.5"))

    _, rows, _ = written(project)
    row = rows[f"test_claim {SMALL}"]

    assert "PASS" == row["Verdict"]
    assert re.fullmatch(r"quality 1\.000 \(.*\); cost 0\.\d+ \(.*\)", row["Ratio"])
    assert re.fullmatch(r"[\d.]+ \w?FLOP", row["Cost/question"])


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_pytests_own_junit_file_has_the_figures_of_claims_and_runs(claimed, workers):
    """As strings under the names of our own file, also from xdist's workers."""
    project = claimed(right=37)
    project.profile("cost: parameters\n" + PROFILE.replace("quality_ratio: 0.9", "quality_ratio: 0.9, cost_ratio: 0.5"))
    project.tests(BOTH)

    project.run(workers, "--junitxml=all.xml")
    found = properties(project.path / "all.xml")
    ours = properties(project.latest / "junit.xml")
    claim = found[f"test_claim[{SMALL}-zero_shot]"]
    ours = next(values for name, values in ours.items() if "test_claim" in name)

    assert ("INCONCLUSIVE", "baseline", "0.05", "0.925") == tuple(
        claim[name] for name in ("verdict", "policy", "alpha", "ratio")
    )
    shared = ("verdict", "policy", "alpha", "ratio", "ratio_low", "ratio_high", "cost_ratio", "run", "reference")
    assert {name: ours[name] for name in shared} == {name: claim[name] for name in shared}
    assert 0.05 < float(claim["p"]) < 1
    assert ("exact_match", "40", "0.925") == (claim["metric"], claim["n"], claim["score"])
    assert float(claim["score_low"]) < 0.925 < float(claim["score_high"])
    assert float(claim["tokens_per_question"]) > 0
    assert (True, "FLOP") == (float(claim["cost_per_question"]) > 0, claim["cost_unit"])
    bar = found[f"test_bar[{LARGE}-zero_shot]"]
    assert ("1", "40", None) == (bar["score"], bar["n"], bar.get("verdict"))


def test_a_test_without_runs_has_no_property_of_ours(claimed):
    """And what a test records itself stays."""
    project = claimed(right=40)
    project.tests("def test_other(record_property):\n    record_property('mine', 1)\n")

    project.run("--junitxml=all.xml")

    assert {"test_other": {"mine": "1"}} == properties(project.path / "all.xml")


def test_hostile_names_stay_text_in_properties(claimed):
    """Half characters, controls and markup arrive spelled out, through xdist, too."""
    project = claimed(right=40)
    project.tests(
        "import pytest\n"
        "from dspysota import Claim, Published\n\n"
        "@pytest.mark.sota(task='gsm8k', role='candidate')\n"
        "def test_claim(sota, cell):\n"
        "    odd = '<b>\\x1b[2J\\ud800\\u202e'\n"
        "    paper = Published(name=odd, metric='exact_match', score=0.5, source='A paper')\n"
        "    assert not sota.run(cell).vs(paper) >= Claim(quality=0.9)\n"
    )

    project.run("-n2", "--junitxml=all.xml", "--html", "page/all.html", "--self-contained-html")
    [values] = properties(project.path / "all.xml").values()

    assert "DESCRIPTIVE" == values["verdict"]
    assert "<b>␛[2J⟨U+D800⟩⟨U+202E⟩" == values["reference"]
    assert "<b>" not in (project.path / "page" / "all.html").read_text().partition("additional-summary prefix")[2]
