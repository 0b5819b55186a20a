"""The chart of quality against cost."""

import pytest

from dspysota.records import ReferenceCell, Run, Usage
from dspysota.report.meta import Terms
from dspysota.report.sections import frontier
from tests.factories import make_call, make_case, make_info, make_run
from tests.report.drawings import LARGE, META, boxes, drawings, figures, found, many, meet, place, titled, walk


def test_the_table_of_quality_against_cost_holds_what_is_drawn():
    """Every dot lies where its line in the table says, in both drawings."""
    [figure] = figures(frontier, many(12))
    frames = {720: (36, 14, 440 - 62, 14), 358: (30, 14, 380 - 62, 6)}
    top = max(float(found(r", (\d\.\d+)\]", line.cells[0])) for line in figure.lines)
    top = -(-top * 10 // 1) / 10
    for drawing in drawings(figure):
        width = int(drawing.get("viewBox").split()[2])
        _, above, down, _ = frames[width]
        spots = {int(title.split()[0]): (y, title) for title, _, y in titled(drawing)}
        for line in figure.lines:
            y, title = spots[line.head.number]
            assert float(line.cells[0].split()[0]) == pytest.approx(top * (1 - (y - above) / down), abs=0.001)
            assert line.cells[0] in title
            assert line.cells[1] in title


def test_dots_lie_from_cheap_to_dear():
    """Left is cheaper, whatever the order of the runs."""
    [figure] = figures(frontier, many(12))
    cost = {line.head.number: float(line.cells[1].split()[0].strip("$")) for line in figure.lines}
    spots = {int(title.split()[0]): x for title, x, _ in titled(drawings(figure)[0])}

    assert sorted(cost, key=lambda one: cost[one]) == sorted(spots, key=lambda one: spots[one])


@pytest.mark.parametrize("seed", range(4))
def test_labels_never_overlap_with_twenty_five_runs(seed):
    """Computed from where the words stand in the SVG, on a desk and on a phone."""
    cell = ReferenceCell(task="gsm8k", model=LARGE, program="cot", approach="approach_2", adapter="plain")
    meta = META.model_copy(update={"terms": (Terms(reference=cell, quality=0.9),)})
    [figure] = figures(frontier, many(25, seed), meta)
    for drawing in drawings(figure):
        words = boxes(drawing)
        assert len(words) > 25
        assert [] == [(a[0], b[0]) for i, a in enumerate(words) for b in words[i + 1 :] if meet(a, b)]


def test_equal_runs_do_not_overlap_either():
    """Twenty-five dots on one spot: what finds no place is left to the table."""
    runs = [make_run([1.0, 0.0, 1.0], key=f"k{i}", approach=f"a{i}") for i in range(25)]
    [figure] = figures(frontier, runs)
    words = boxes(drawings(figure)[0])

    assert [] == [(a[0], b[0]) for i, a in enumerate(words) for b in words[i + 1 :] if meet(a, b)]
    assert 25 == len(figure.lines)


def test_names_are_those_of_the_front_the_reference_and_the_baseline():
    """The others have the number under which the table of runs has them."""
    runs = many(12)
    runs[1] = Run(info=runs[1].info.model_copy(update={"role": "reference"}), cases=runs[1].cases)
    runs[3] = Run(info=runs[3].info.model_copy(update={"role": "baseline"}), cases=runs[3].cases)
    [figure] = figures(frontier, runs)
    texts = [box[0] for box in boxes(drawings(figure)[0])]
    named = {line.head.number for line in figure.lines if line.cells[2] != "measured"}

    assert {2, 4} < named
    for line in figure.lines:
        number = str(line.head.number)
        [said] = [text for text in texts if text.split()[0] == number and not text.startswith("0.")]
        assert (said != number) == (line.head.number in named)


def test_the_front_holds_what_nothing_beats():
    """No run of the table is both as cheap and better than one of the front."""
    [figure] = figures(frontier, many(20, 3))
    runs = [
        (float(line.cells[1].split()[0].strip("$")), float(line.cells[0].split()[0]), "Pareto front" in line.cells[2])
        for line in figure.lines
    ]

    assert 1 <= sum(front for *_, front in runs) < len(runs)
    for cost, score, on_it in runs:
        beaten = any(other < cost and better > score for other, better, _ in runs)
        assert not (on_it and beaten)


def test_what_is_claimed_is_drawn_where_it_is():
    """The ratio times the reference's score, as a line across the plot with its words."""
    small, large = make_run([1.0, 0.0, 0.0, 1.0]), make_run([1.0, 1.0, 1.0, 0.0], model_name=LARGE)
    cell = ReferenceCell(task="gsm8k", model=LARGE, program="cot", approach="zero_shot", adapter="plain")
    [figure] = figures(
        frontier, [small, large], META.model_copy(update={"terms": (Terms(reference=cell, quality=0.8),)})
    )
    [line] = [
        (node, place(node, parents))
        for node, parents in walk(drawings(figure)[0])
        if node.get("stroke") == "var(--accent)"
    ]

    assert any("claimed: 0.8 × 0.750 = 0.600" == box[0] for box in boxes(drawings(figure)[0]))
    assert "Claimed: 0.8 × 0.750 = 0.600; 1 of 2 runs score as much" in figure.words
    assert line[1][1] == pytest.approx(14 + (440 - 62) * (1 - 0.6 / 1.0), abs=0.02)


def test_where_nothing_has_a_price_a_token_of_a_large_model_costs_more_than_one_of_a_small_model():
    """Equal tokens and equal scores: only the small model's run is on the front."""
    runs = [make_run([1.0, 0.0], model_name=name, key=name) for name in ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")]
    [figure] = figures(frontier, runs)

    assert "exact_match against FLOP a correct answer" == figure.title
    assert "On the Pareto front, from the cheapest: qwen2.5-coder-0.5b cot zero_shot 0.500 at" in figure.words
    assert "1.5b" not in figure.words.partition("from the cheapest")[2]


def test_without_prices_and_sizes_runs_are_placed_by_tokens():
    """What cannot be paid can be counted; a run whose server did not say has no place, and is named."""
    silent = make_case(calls=(make_call(usage=Usage(prompt_tokens=None)),))
    runs = [make_run(), Run(info=make_info(key="silent", approach="few_shot"), cases=(silent,))]
    [figure] = figures(frontier, runs)

    assert "exact_match against tokens a question" == figure.title
    assert 1 == len(figure.lines)
    assert "gsm8k · qwen2.5-coder-0.5b · cot · few_shot" in figure.notes[0]
