"""Latency in the reports: the section of the page, and the properties that CI charts."""

from xml.etree import ElementTree

import pytest

from dspysota.records import Run, ServerCounts
from dspysota.report import html, junit
from dspysota.report.meta import ReportMeta
from tests.factories import make_call, make_case, make_grid, make_info, make_run
from tests.report.test_html import Page

META = ReportMeta(command="pytest evals")


def page(*runs):
    return Page(html.render(runs, META))


def properties(run):
    found = ElementTree.fromstring(junit.render([run], META)).findall(".//testcase/properties/property")
    return {one.attrib["name"]: one.attrib["value"] for one in found}


def lasting(n, **fields):
    """A run of `n` questions that took 1, 2, …, n seconds."""
    call = make_call(queue_seconds=0.25)
    cases = tuple(make_case(f"q{i}", seconds=float(i + 1), calls=(call,)) for i in range(n))
    return Run(info=make_info(rows=n, **fields), cases=cases)


def test_each_run_has_its_percentiles_with_intervals():
    """p50, p90, p95 and p99 of questions, calls, first tokens and the queue, each of how many."""
    text = page(lasting(100)).text
    assert "a question 100 50.5 40.0–61.0 90.1 " in text
    assert "to the first token 100 0.10 0.10–0.10" in text
    assert "in the queue 100 0.25" in text
    assert "32 at once; 1.63 questions and 16.3 completion tokens a second" in text


def test_a_percentile_of_few_questions_says_that_it_is_the_slowest_ones():
    """An interval is left out where there is none, and no p99 of twelve passes for one."""
    assert "11.9 by the slowest" in page(lasting(12)).text
    assert "by the slowest" not in page(lasting(100)).text


def test_the_chart_can_be_read_without_eyes():
    """Its label says for each run what the strip shows."""
    runs = make_grid(cases=12)
    labels = [
        attrs["aria-label"]
        for _, attrs in page(*runs).elements
        if attrs.get("class") == "chart wide" and "Seconds a question" in attrs["aria-label"]
    ]
    assert len(runs) == sum(label.count("half within") for label in labels)
    assert all("all within" in label for label in labels)


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_chart_of_equal_durations_is_drawn(seconds):
    """Neither no spread nor a duration of 0 is an error on a logarithmic axis."""
    run = Run(info=make_info(), cases=(make_case(seconds=seconds), make_case("q2", seconds=seconds)))
    assert "Seconds a question" in page(run).text


def test_runs_without_cases_have_no_such_section():
    """Nothing measured, no empty table."""
    assert "How long answers took" not in page(make_run([])).text


def test_the_servers_count_stands_beside_the_answers():
    """Equal, or by how much not and why; a run that was not counted says nothing."""
    equal = ServerCounts(prompt_tokens=20, generation_tokens=10, finished={"stop": 1}, cache_queries=20, cache_hits=5)
    other = equal.model_copy(update={"generation_tokens": 17, "finished": {"stop": 2}, "preemptions": 3})

    def shown(server):
        return page(Run(info=make_info(server=server), cases=(make_case(),))).text

    assert "own counters agree with its answers: 20 prompt and 10 generated tokens." in shown(equal)
    assert "25.0% of prompt tokens from the prefix cache, say the server’s counters" in shown(equal)
    assert "0 more prompt and 7 more generated tokens than its answers told" in shown(other)
    assert "Preemptions: 3." in shown(other)
    assert "The server" not in shown(None)


def test_replayed_latency_carries_its_badge():
    """Numbers of another machine are never taken for those of this one."""
    text = page(lasting(3, provenance="replayed")).text
    assert "replayed" in text[text.index("How long answers took Wall") :].partition("What went wrong")[0]


def test_junit_charts_the_tail_where_there_are_cases_for_it():
    """A p99 of twelve cases would be charted as one; it is left out, and what is not known too."""
    few, many = properties(lasting(12)), properties(lasting(100))
    assert ("10.9", None) == (few["p90_seconds"], few.get("p99_seconds"))
    assert ("90.1", "99.01") == (many["p90_seconds"], many["p99_seconds"])
    assert ("0.1", "0.25", "0") == (
        many["first_token_p50_seconds"],
        many["queue_p50_seconds"],
        many["prefix_cache_hit_rate"],
    )
    assert "queue_p50_seconds" not in properties(make_run())
