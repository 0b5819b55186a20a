"""What reports say of claims, references and published scores."""

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from dspysota import Claim, Outcome, catalog
from dspysota.report import html, junit, load_meta, markdown, results, terminal, write_all
from dspysota.report.meta import Decision, Quote, ReportMeta, Terms, merged
from dspysota.report.verdicts import candidates, headline
from tests.factories import make_run
from tests.report.deciding import CELL, LARGE, TERMS, TEST, decided, seeded


def lines(runs, meta):
    return {line.policy: (line.used, line.word) for line in candidates(runs, meta)[0].lines}


def test_every_policy_is_shown_and_the_claims_is_named():
    """What was not measured says so; nothing is guessed."""
    runs, meta = decided(100, outcome="passed")

    assert {
        "baseline": (True, "PASS"),
        "same_program": (False, "not measured"),
        "best": (False, "PASS"),
    } == lines(runs, meta)


def test_lines_of_policies_leave_the_data_sets_name_to_their_head():
    """Whoever stands beside a reference answered the same questions; it is said once, in every report."""
    runs, meta = decided(100, outcome="passed")
    [found] = candidates(runs, meta)
    against = f"against {LARGE} · cot · zero_shot (measured)"

    assert found.name.startswith("gsm8k · ")
    assert [True, False, True] == [against in line.said for line in found.lines]
    for text in (html.render(runs, meta), markdown.summary(runs, meta)):
        assert 2 == text.count(against)
    assert 2 == sum(against in line for line in terminal.lines(runs, meta, ascii_only=False))


def test_the_results_document_states_every_claim_once():
    """With what it rests on, whichever way it came out; two tests of one claim are one claim."""
    runs, meta = decided(60)
    twice = meta.model_copy(update={"verdicts": meta.verdicts * 2})

    body = results.body(runs, meta=twice)

    assert body.startswith("### Claims\n\n- **FAIL**: gsm8k")
    assert body.count("**FAIL**") == 1
    assert "baseline, measured" in body
    assert "  - quality FAIL: exact_match 0.600 against 1.000; ratio 0.600 (" in body
    assert "### Claims" not in results.body(runs)


def test_without_a_claim_ratios_are_descriptive():
    """A reference without a claim decides nothing, and no policy is the claim's."""
    runs, meta = decided(100)
    meta = meta.model_copy(update={"verdicts": (), "terms": (Terms(reference=CELL),)})

    assert {
        "baseline": (False, "descriptive"),
        "best": (False, "descriptive"),
        "same_program": (False, "not measured"),
    } == (lines(runs, meta))
    assert "" == headline(meta)


def test_a_candidate_of_which_nothing_was_asserted_is_descriptive():
    """Another program of the small model stands beside the reference without a verdict."""
    runs, meta = decided(100, outcome="passed")
    other = make_run([1.0] * 100, approach="few_shot", key="other")
    [_, found] = candidates([*runs, other], meta)

    assert ["descriptive", "not measured", "descriptive"] == [line.word for line in found.lines]


@pytest.mark.parametrize(
    "right,outcome,state,tags",
    [
        (100, "passed", "passed", []),
        (50, "failed", "failed", ["failure"]),
        (50, "passed", "unjudged", []),
        (92, "inconclusive", "undecided", ["failure"]),
    ],
)
def test_the_page_and_the_junit_file_agree_on_what_a_verdict_did(right, outcome, state, tags):
    """The colour of the banner is that of the worst a test found; an expected FAIL is none."""
    runs, meta = decided(right, outcome=outcome)
    top = ElementTree.fromstring(junit.render(runs, meta))
    [case] = top.findall(".//testcase[@classname='dspysota.claim']")

    assert f'<header class="banner {state}">' in html.render(runs, meta)
    assert tags == [child.tag for child in case if child.tag != "properties"]
    assert (str(len(tags)), "0") == (top.get("failures"), top.get("skipped"))
    assert "3" == top.get("tests")


def test_an_undecided_claim_that_may_be_open_is_skipped():
    """Neither passed nor failed, where CI knows no third."""
    runs, meta = decided(92, outcome="inconclusive")
    [one] = meta.verdicts
    lenient = one.model_copy(update={"verdict": replace(one.verdict, lenient=True)})
    top = ElementTree.fromstring(junit.render(runs, meta.model_copy(update={"verdicts": (lenient,)})))

    assert ("0", "1") == (top.get("failures"), top.get("skipped"))


def test_properties_of_a_cost_have_its_name():
    """Both criteria of a claim can be charted."""
    runs, meta = decided(100)
    costs = {run.info.key: [one] * 100 for run, one in zip(runs, (0.01, 1.0), strict=True)}
    verdict = Claim(quality=0.9, cost=0.05).judge(runs[0].vs(runs[1], costs=costs))
    meta = meta.model_copy(update={"verdicts": (Decision(test=TEST, verdict=verdict, outcome="passed"),)})
    values = {
        one.get("name"): one.get("value") for one in ElementTree.fromstring(junit.render(runs, meta)).iter("property")
    }

    assert ("0.01", "0.05", "1", "0.9") == tuple(values[name] for name in ("cost_ratio", "cost_bar", "ratio", "bar"))
    assert {"cost_ratio_low", "cost_ratio_high", "quality_verdict", "cost_verdict"} <= set(values)


def test_the_terminals_table_says_what_was_claimed_of_each_run():
    """One line a run with its verdict; the column is there only where something was claimed."""
    runs, meta = decided(100, outcome="passed")
    head, candidate, reference = terminal.lines(runs, meta)[-3:]

    assert head.split()[:3] == ["bar", "claim", "run"]
    assert candidate.split()[:2] == ["-", "PASS"]
    assert reference.split()[:2] == ["-", "reference"]
    assert ["bar", "run"] == terminal.lines(runs, meta.model_copy(update={"verdicts": ()}))[0].split()[:2]


def test_a_claim_whose_cost_is_unknown_has_lines_of_its_quality():
    """What cannot be judged is described, with the reason."""
    runs, meta = decided(100)
    meta = meta.model_copy(update={"verdicts": (), "terms": (TERMS.model_copy(update={"cost": 0.05}),)})
    [found] = candidates(runs, meta)

    assert ["descriptive", "not measured", "descriptive"] == [line.word for line in found.lines]


def test_numbers_of_a_replayed_run_carry_their_badge():
    """On every page that shows them, in the table, in the claims and in the chart."""
    runs, meta = decided(100, outcome="passed", provenance="replayed")
    name = f"{runs[1].name} (replayed)"
    page = html.render(runs, meta)

    assert name in markdown.summary(runs, meta)
    assert any(name in line for line in terminal.lines(runs, meta, ascii_only=False))
    assert 'value="replayed"' in junit.render(runs, meta)
    assert '<span class="badge">replayed</span>' in page
    assert "zero_shot · replayed" in page
    assert "(baseline, replayed)" in page


def test_published_scores_are_quoted_without_a_ratio():
    """In words that let nobody take them for a measurement, in every report."""
    runs, meta = decided(100, outcome="passed")
    score = catalog.published("gsm8k", "phi-2")[0].record()
    meta = meta.model_copy(update={"published": (Quote(task="gsm8k", model="phi-2", published=score),)})
    words = "published, not measured here: phi-2, 8-shot: accuracy 0.611 on gsm8k"

    for text in (html.render(runs, meta), markdown.summary(runs, meta), "\n".join(terminal.lines(runs, meta))):
        assert words in text
        assert "no ratio is made of it" in text


def test_verdicts_survive_the_folder(tmp_path):
    """Also a bound that is infinite, which JSON has no number for."""
    runs, meta = decided(100, outcome="passed")
    [one] = meta.verdicts
    [criterion] = one.verdict.criteria
    open_ended = replace(criterion, interval=criterion.interval._replace(high=math.inf))
    verdict = replace(one.verdict, criteria=(open_ended,))
    meta = meta.model_copy(update={"verdicts": (one.model_copy(update={"verdict": verdict}),)})

    write_all(tmp_path, runs, meta)

    assert meta == load_meta(tmp_path)
    assert Outcome.PASS is verdict.outcome


def test_what_several_folders_know_is_put_together():
    """Of what two say, once; verdicts of both."""
    _, one = decided(100, outcome="passed")
    _, two = decided(50)
    both = merged([one, two])

    assert "Claims: 1 FAIL, 1 PASS" == headline(both)
    assert (TERMS,) == both.terms


def test_hostile_names_stay_text_in_claims():
    """Whatever a model or a note is called."""
    runs, meta = decided(50)
    [one] = meta.verdicts
    odd = replace(one.verdict, reference="<script>alert(1)</script>|`x`\x1b[2J", notes=("<img src=x>",))
    meta = meta.model_copy(update={"verdicts": (one.model_copy(update={"verdict": odd}),)})

    for text in (html.render(runs, meta), markdown.summary(runs, meta)):
        assert re.search(r"(?<!\\)<(script>alert|img)", text) is None
    assert "\x1b" not in "\n".join(terminal.lines(runs, meta))


def test_runs_that_differ_by_seed_alone_stand_beside_the_reference_together():
    """As one candidate, under every policy; a run that was interrupted stands alone."""
    small = seeded([1.0] * 40, (0, 1, 2), approach="bootstrap")
    large = seeded([1.0] * 40, (0, 1, 2), approach="bootstrap", model_name=LARGE)
    short = small[0].model_copy(
        update={"cases": small[0].cases[:9], "info": small[0].info.model_copy(update={"key": "short", "seed": 7})}
    )
    verdict = Claim(quality=0.9).judge(small[0].vs(large, seeds=small[1:], policy="same_program"))
    meta = ReportMeta(
        command="pytest evals",
        verdicts=(Decision(test=TEST, verdict=verdict, outcome="passed"),),
        terms=(TERMS.model_copy(update={"policy": "same_program"}),),
    )

    first, second = candidates([*reversed(small), short, *large], meta)

    assert ("gsm8k · qwen2.5-coder-0.5b · cot · bootstrap over 3 seeds", 3) == (first.name, len(first.runs))
    assert (short,) == second.runs
    assert {"baseline": "not measured", "same_program": "PASS", "best": "PASS"} == {
        line.policy: line.word for line in first.lines
    }
    runs = [*small, *large]
    for shown in (html.render(runs, meta), markdown.summary(runs, meta), "\n".join(terminal.lines(runs, meta))):
        assert "bootstrap over 3 seeds" in shown.replace("\\", "")
