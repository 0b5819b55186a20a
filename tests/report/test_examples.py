"""The cases of a report: which are in the page, and what is in its data."""

import base64
import doctest
import json
import random
import re
import zlib
from typing import Any

import pytest

from dspysota.claims import Claim
from dspysota.gate import decide
from dspysota.records import Failure, Message, ReferenceCell, Run
from dspysota.report import html
from dspysota.report.examples import KINDS, Data, data, of_report, packing, references, sampled
from dspysota.report.examples.paragraphs import paragraphs
from dspysota.report.meta import Decision, ReportMeta, Terms
from dspysota.report.view import in_order
from tests.factories import make_call, make_case, make_grid, make_info, make_run

NOTHING = ReportMeta(command="")


def unpacked(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


def opened(found: Data):
    """Index, shared messages, and the details of all cases in the index's order."""
    details: list[dict[str, Any]] = []
    for block in found.blocks:
        assert block.first == len(details)
        details += unpacked(block.data)
    return unpacked(found.index), unpacked(found.shared), details


def report(runs, meta=NOTHING):
    return in_order(runs, meta)


def test_docstring_examples_are_true():
    """Every example in a docstring gives what it says."""
    failed, tried = doctest.testmod(packing)
    assert (failed, tried > 0) == (0, True)


def test_every_case_is_in_the_data_with_its_class_and_what_was_sent(grid):
    """No case is dropped, whatever became of it; its place, class and texts are its own."""
    index, shared, details = opened(of_report(report(grid)))
    cases = index["cases"]
    seen = set()
    for at, detail in enumerate(details):
        case = grid[cases["run"][at]].cases[cases["place"][at] - 1]
        seen.add((cases["run"][at], cases["place"][at]))
        assert KINDS[cases["kind"][at]] == (case.failure or "right")
        assert index["examples"]["id"][cases["example"][at]] == case.case_id
        assert (detail["question"], detail["gold"], detail["prediction"]) == (case.question, case.gold, case.prediction)
        sent = [shared[one] if isinstance(one, int) else one for one in detail["calls"][0]["messages"]]
        assert sent == [[one.role, one.content] for one in case.calls[0].messages]
        assert detail["calls"][0]["output"] == case.calls[0].output
    assert len(seen) == len(details) == sum(len(run.cases) for run in grid)


def test_runs_that_were_asked_the_same_share_their_examples(grid):
    """Five runs of a task, one example: their cases lie side by side."""
    index, _, _ = opened(of_report(report(grid)))
    assert index["cases"]["example"][:5] == [0] * 5
    assert index["cases"]["run"][:5] == [0, 1, 2, 3, 4]
    assert len(index["examples"]["id"]) == 24


def test_the_same_id_with_another_question_is_another_example():
    """Two data sets of one name that differ are not taken for one."""
    runs = [make_run([1.0], key="a"), Run(info=make_info(key="b"), cases=(make_case("q0", question="Another one?"),))]
    index, _, _ = opened(of_report(report(runs)))
    assert index["cases"]["example"] == [0, 1]


def test_messages_that_examples_share_are_stored_once(grid):
    """Instructions and demonstrations are in the pool, the question's own message is not."""
    _, shared, details = opened(of_report(report(grid)))
    assert len({tuple(one) for one in shared}) == len(shared)
    assert {one[0] for one in shared} >= {"system", "user", "assistant"}
    assert all(isinstance(call["messages"][-1], list) for detail in details for call in detail["calls"])


def test_the_data_is_made_of_letters_that_mean_nothing_to_html():
    """Whatever a model said: base64."""
    run = Run(info=make_info(), cases=(make_case("</script><!--", question="</script>"),))
    found = of_report(report([run]))
    for text in (found.index, found.shared, *(block.data for block in found.blocks)):
        assert re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text)


def test_numbers_that_json_cannot_hold_are_unknown():
    """A page that cannot be parsed would show nothing at all."""
    run = Run(info=make_info(), cases=(make_case(seconds=float("inf")),))
    index, _, _ = opened(of_report(report([run])))
    assert index["cases"]["seconds"] == [None]


def long_run(cases=40, characters=20_000):
    """A run whose outputs no compression makes small."""
    made = []
    for at in range(cases):
        noise = base64.b64encode(random.Random(at).randbytes(characters)).decode()[:characters]
        made.append(make_case(f"q{at}", question=f"Question {at}", calls=(make_call(noise),)))
    return Run(info=make_info(rows=cases), cases=tuple(made))


@pytest.mark.parametrize("most", [1_000_000, 300_000, 100_000, 30_000])
def test_the_longest_texts_are_cut_until_everything_fits_and_each_says_how_much(most):
    """No case is left out; shown and left-off characters add up to what there was."""
    found = of_report(report([long_run(characters=21_000)]), most)
    assert len(found.index) + len(found.shared) + sum(len(block.data) for block in found.blocks) <= most
    _, _, details = opened(found)
    assert len(details) == 40
    for detail in details:
        output = detail["calls"][0]["output"]
        shown, cut = output if isinstance(output, list) else (output, 0)
        assert len(shown) + cut == 21_000
        assert len(shown) == found.most
        assert isinstance(detail["question"], str)


def test_a_page_whose_texts_were_cut_says_by_which_rule(monkeypatch):
    """Up to which character, why, and where the rest is."""
    whole = html.render([long_run()], NOTHING)
    monkeypatch.setattr(data, "MOST_BYTES", 100_000)
    cut = html.render([long_run()], NOTHING)
    assert "texts are shown up to their" not in whole
    assert re.search(r"texts are shown up to their [\d,]+th character; where one is longer, .* cases\.jsonl", cut)


def test_a_page_shows_few_cases_of_each_run_some_of_every_class_of_failure_first():
    """Ten of a run: one of each class, the hardest first, then the second of each; right ones only after failures."""
    kinds = [None] * 30 + [Failure.WRONG] * 30 + [Failure.TRUNCATED] * 3 + [Failure.TIMEOUT]
    cases = [make_case(f"q{i}", 1.0 if kind is None else 0.0, failure=kind) for i, kind in enumerate(kinds)]
    run = Run(info=make_info(rows=len(cases)), cases=tuple(cases))
    [places] = sampled(report([run])).values()
    found = [cases[place - 1].failure for place in places]
    assert found == ["timeout", "truncated", "wrong", "truncated", "wrong", "truncated", *["wrong"] * 4]
    assert [case.failure for case in few(run)] == [None, None]


def few(run):
    """What is shown of a run whose two cases are right."""
    right = run.model_copy(update={"cases": run.cases[:2]})
    [places] = sampled(report([right])).values()
    return [right.cases[place - 1] for place in places]


def test_a_page_shows_two_hundred_cases_however_many_runs_there_are():
    """Fewer of each run, then none of the last ones."""
    runs = [make_run([0.0] * 12, key=f"k{i}", seed=i) for i in range(70)]
    found = sampled(report(runs))
    assert sum(map(len, found.values())) <= 200
    assert len(found) == 70


def test_cases_of_many_long_texts_do_not_fill_the_page():
    """Characters of all shown cases are bounded, too."""
    source = html.render([long_run(40, 20_000), *(make_run(key=f"k{i}") for i in range(3))], NOTHING)
    assert len(source) < 4_000_000


REFERENCE = ReferenceCell(
    task="gsm8k", model="qwen2.5-coder-1.5b", program="cot", approach="zero_shot", adapter="plain"
)


def test_a_run_is_read_beside_the_reference_that_the_profile_names(grid):
    """On the same task; the reference itself is beside none."""
    found = references(grid, ReportMeta(command="", terms=(Terms(reference=REFERENCE),)))
    assert found == {run.info.key: grid[4].info.key for run in grid[:4]}


def test_the_reference_of_an_asserted_claim_goes_before_the_profiles(grid):
    """What the verdict says it was judged against is what is shown."""
    verdict = Claim(quality=0.5).judge(grid[0].vs(grid[3]))
    decision = Decision(test="t", verdict=verdict, outcome="passed")
    found = references(grid, ReportMeta(command="", terms=(Terms(reference=REFERENCE),), verdicts=(decision,)))
    assert found[grid[0].info.key] == grid[3].info.key
    assert found[grid[1].info.key] == grid[4].info.key


def test_without_a_claim_the_only_run_measured_as_a_reference_is_it(grid):
    """And with neither there is none."""
    measured = grid[4].model_copy(update={"info": grid[4].info.model_copy(update={"role": "reference"})})
    assert references([*grid[:4], measured], NOTHING)[grid[0].info.key] == measured.info.key
    assert references(grid, NOTHING) == {}


@pytest.mark.parametrize("wrapped", ["plain", "json"])
def test_a_paragraph_is_found_in_the_words_that_were_sent(wrapped):
    """By its title at the start of a line, or of a text in a list."""
    texts = ["Lake (Ysk): Deep and cold.", 'A "Kite": It flies: high.']
    sent = "\n\n".join(texts) if wrapped == "plain" else json.dumps(texts)
    messages = [Message(role="user", content="Lake (Ysk): of a demonstration"), Message(role="user", content=sent)]
    titles = {"retrieved": ["Lake (Ysk)", 'A "Kite"', "Nowhere"]}
    found = paragraphs(make_case(calls=(make_call(messages=messages),), details=titles))
    assert [one.text for one in found] == ["Deep and cold.", "It flies: high.", ""]
    assert {one.mark for one in found} == {"not known"}


@pytest.mark.parametrize(
    "details", [{"retrieved": 7}, {"retrieved": [None, 3]}, {"retrieved": [], "gold_facts": "x"}, {}]
)
def test_details_of_another_shape_are_no_paragraphs(details):
    """A program of somebody else may use the names for other things."""
    assert paragraphs(make_case(details=details)) == ()


def test_an_example_that_flipped_is_linked_where_it_is():
    """By the page alone where it is in the sample, by the script where it is not."""
    before, after = make_run([1.0] * 30), make_run([0.0] * 30)
    source = html.render([after], ReportMeta(command="", gate=decide([after], [before], name="main")))
    section = source.split('id="regression"')[1].split("</section>")[0]
    assert len(re.findall(r'<a href="#run-1-case-\d+">', section)) == 10
    assert len(re.findall(r'<a data-href="#run-1-case-\d+">', section)) == 20


def test_the_sample_shows_the_references_prediction(grid):
    """Without a script, too."""
    source = html.render(grid[:5], ReportMeta(command="", terms=(Terms(reference=REFERENCE),)))
    assert source.count("The reference’s prediction") == 40


def test_grids_of_any_size_are_pages():
    """One case, and one run without any."""
    assert 'id="data-index"' in html.render([make_run([1.0]), make_run([], key="x")], NOTHING)
    assert 'id="data-index"' not in html.render([make_run([])], NOTHING)
    assert len(make_grid(cases=1)) == 10
