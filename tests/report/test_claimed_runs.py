"""The table of runs: what was claimed of each, and in which order they stand."""

import re
from dataclasses import replace

import pytest

from dspysota import Claim
from dspysota.report import html, markdown
from dspysota.report.meta import Decision, ReportMeta
from dspysota.report.meta import Outcome as Bar
from tests.factories import make_run
from tests.report.deciding import LARGE, TEST, decided, seeded


def rows(page):
    """The rows of the table of runs: the class of each, what its first cell says, and its verdicts."""
    found = re.findall(r'<tr id="run-\d+" class="([^"]+)">(.*?)</tr>', page, re.S)
    return [
        (kind, *re.findall(r'class="unseen">([^<]+)</span></td>', row), re.findall(r'"verdict (\w+)">.*?>(\w+)</', row))
        for kind, row in found
    ]


def table(summary):
    """The table of runs in a comment: its head, and its rows, as lists of cells."""
    [head, _, *found] = [line for line in summary.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in (head, *found)]


@pytest.mark.parametrize(
    "right,outcome,state,word",
    [
        (50, "failed", "failed", "FAIL"),
        (92, "inconclusive", "inconclusive", "INCONCLUSIVE"),
        (100, "passed", "passed", "PASS"),
        (50, "passed", "passed", "FAIL"),
    ],
)
def test_the_table_of_runs_shows_what_was_claimed_of_each_run(right, outcome, state, word):
    """A run that cleared its bar and failed its claim has no tick; a FAIL that a test expected is shown alone."""
    runs, meta = decided(right, outcome=outcome)
    bars = {run.info.key: Bar(outcome="passed", test=TEST) for run in runs}
    found = rows(html.render(runs, meta.model_copy(update={"outcomes": bars})))

    assert (state, state, [(word.lower(), word)]) == found[0]
    assert ("passed", "passed", []) == found[1]


def test_runs_whose_claims_failed_come_first_then_undecided_ones():
    """Before every run that only cleared its bar, whatever the order given."""
    good, undecided, bad = (decided(right, outcome="failed") for right in (100, 92, 50))
    named = [
        (
            run := make_run(one[0][0].scores(), approach=approach, key=approach),
            replace(one[1].verdicts[0].verdict, run_key=run.info.key),
        )
        for approach, one in zip(("few_shot", "labeled", "knn"), (good, undecided, bad), strict=True)
    ]
    made = tuple(
        Decision(test=TEST, verdict=verdict, outcome=outcome)
        for (_, verdict), outcome in zip(named, ("passed", "inconclusive", "failed"), strict=True)
    )
    bar = {good[0][1].info.key: Bar(outcome="passed", test=TEST)}
    runs = [good[0][1], *(run for run, _ in named)]

    found = rows(html.render(runs, ReportMeta(command="", verdicts=made, outcomes=bar)))

    assert ["failed", "inconclusive", "passed", "passed"] == [kind for kind, *_ in found]
    assert ["FAIL", "INCONCLUSIVE", "", "PASS"] == ["".join(word for _, word in words) for *_, words in found]


def test_a_claim_over_several_seeds_stands_at_each_of_its_runs():
    """It is about all of them."""
    small = seeded([1.0] * 10 + [0.0] * 30, (0, 1), approach="bootstrap")
    large = make_run([1.0] * 40, model_name=LARGE)
    verdict = Claim(quality=0.9).judge(small[0].vs(large, seeds=small[1:]))
    meta = ReportMeta(command="", verdicts=(Decision(test=TEST, verdict=verdict, outcome="failed"),))

    assert [["FAIL"], ["FAIL"], []] == [
        [word for _, word in words] for *_, words in rows(html.render([*small, large], meta))
    ]


@pytest.mark.parametrize("right,word,mark", [(50, "FAIL", "❌"), (92, "INCONCLUSIVE", "❔"), (100, "PASS", "✅")])
def test_the_comment_shows_what_was_claimed_of_each_run(right, word, mark):
    """In a column that is there only where something was claimed, and in the row's mark."""
    runs, meta = decided(right)
    head, candidate, reference = table(markdown.summary(runs, meta))

    assert ["run", "claim", "n"] == head[1:4]
    assert [word, ""] == [candidate[2], reference[2]]
    assert mark == candidate[0]
    assert "claim" not in table(markdown.summary(runs, meta.model_copy(update={"verdicts": ()})))[0]


def test_the_comment_shows_several_verdicts_of_a_run_together():
    """Each word once, what needs attention first."""
    runs, meta = decided(100, outcome="passed")
    [one] = meta.verdicts
    failed = Decision(test=TEST, verdict=decided(50)[1].verdicts[0].verdict, outcome="failed")
    _, candidate, _ = table(markdown.summary(runs, meta.model_copy(update={"verdicts": (one, failed, one)})))

    assert "FAIL, PASS" == candidate[2]


def test_a_comment_on_many_claimed_runs_fits_and_keeps_its_columns():
    """Whatever the runs are called, and also in the line that counts those left out."""
    runs, meta = decided(50)
    odd = [make_run(key=f"k{i}", approach="a|`b`<i>" * 10) for i in range(600)]
    summary = markdown.summary([*odd, *runs], meta)
    found = table(summary)

    assert len(summary) <= markdown.MOST
    assert re.fullmatch(r"and \d+ more in report\.html", found[-1][1])
    assert {len(found[0])} == {len(row) for row in found}
    assert "FAIL" == found[1][2]
    assert not re.search(r"(?<!\\)<", summary)
