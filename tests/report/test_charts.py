"""The charts of the report: what they draw, what they say, and that nothing but drawing gets into the page."""

import random
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from dspysota.records import CompileInfo, Failure, Phase, Prices, ReferenceCell, Run, TeacherPrices, TokenPrice, Usage
from dspysota.report import html
from dspysota.report.charts import svg, vega
from dspysota.report.charts.failures import KINDS
from dspysota.report.meta import ReportMeta, Terms
from dspysota.report.sections import across, costs, failures, frontier, latency, lift
from dspysota.report.view import view
from tests.factories import make_call, make_case, make_data, make_grid, make_info, make_run
from tests.report.test_html import HOSTILE, Page

META = ReportMeta(command="pytest evals")
SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
PRICE = TokenPrice(prompt=0.1, completion=0.3, source="a list")


def figures(section, runs, meta=META, key="charts"):
    return (section.values(view(runs, meta)) or {key: []})[key]


def drawings(figure):
    """The drawings of a figure, as elements."""
    return [ElementTree.fromstring(f"<g>{figure.svg}</g>")[place] for place in range(2 if figure.narrow else 1)]


def place(node, parents=()):
    """Where an element's origin is, groups around it included."""
    spots = [re.findall(r"translate\(([-\d.]+)[, ]+([-\d.]+)\)", one.get("transform", "")) for one in (*parents, node)]
    return tuple(sum(float(pair[axis]) for found in spots for pair in found) for axis in (0, 1))


def walk(node, parents=()):
    yield node, parents
    for child in node:
        yield from walk(child, (*parents, node))


def titled(drawing):
    """What is shown beside the pointer: (title, x, y) of every mark that has one."""
    return [
        (node.findtext("title"), *place(node, parents))
        for node, parents in walk(drawing)
        if node.find("title") is not None
    ]


def many(n, seed=0, **fields):
    """`n` runs on one data set, of two models, with scores, tokens and seconds as they come."""
    chance = random.Random(f"{n} {seed}")
    runs = []
    for i in range(n):
        right, tokens = chance.randrange(2, 60), chance.randrange(100, 3000)
        call = make_call(usage=Usage(prompt_tokens=tokens, completion_tokens=tokens // 4, cached_tokens=tokens // 3))
        cases = [
            make_case(f"q{k}", float(k < right), calls=(call,), seconds=chance.lognormvariate(1, 0.6))
            for k in range(60)
        ]
        model = (SMALL, LARGE)[i % 3 == 2]
        prices = Prices(basis="list", tokens=PRICE)
        info = make_info(model_name=model, approach=f"approach_{i}", key=f"k{i}", rows=60, prices=prices, **fields)
        runs.append(Run(info=info, cases=tuple(cases)))
    return runs


def tree(source):
    return ElementTree.fromstring(str(source))


# What gets into the page


def test_only_what_is_on_the_list_gets_into_the_page():
    """Whatever a drawing holds: what the policy forbids, what runs, what leads away, and colours of its own."""
    drawn = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">
    <style>*{fill:red}</style><script>owned()</script><foreignObject><p>x</p></foreignObject>
    <defs><clipPath id="c"><path d="M0,0"/></clipPath></defs><image href="http://x/y"/>
    <g class="a" style="display:none" transform="translate(1.23456,2)" clip-path="url(#c)" onclick="owned()">
    <a xlink:href="javascript:owned()"><path d="M0,0L9,9" stroke="var(--m0)"/></a>
    <path id="p" d="M0,0L1e-9,9" stroke="var(--m0)" fill="url(#g)" style="fill:red" onload="owned()"/>
    <path d="M0,0h9" fill="red"/><path d="M0,0&quot;&gt;" stroke="var(--m1)"/>
    <text font-family="x" font-size="11px" fill="var(--ink)">a &lt;b&gt;<tspan style="x">c</tspan></text></g></svg>"""

    assert svg.image(drawn, 'say "<so>"', "chart") == (
        '<svg class="chart" viewBox="0 0 9 9" fill="none" role="img" aria-label="say &#34;&lt;so&gt;&#34;">'
        '<g transform="translate(1.23,2)"><path stroke="var(--m0)" d="M0,0L0,9"></path><path stroke="var(--m1)"></path>'
        '<text fill="var(--ink)" font-size="11px">a &lt;b&gt;c</text></g></svg>'
    )


def test_no_chart_carries_a_style_an_id_or_a_font():
    """The page's policy would block the first, the second would meet another chart's, the third is the page's."""
    runs = [*make_grid(cases=12), *many(9)]
    for drawing in re.findall(r'<svg class="chart.*?</svg>', html.render(runs, META), re.S):
        for node, _ in walk(tree(drawing)):
            assert not {"style", "id", "font-family", "clip-path", "href"} & set(node.attrib)
            assert node.tag in {"svg", "g", "line", "path", "rect", "text", "title"}


def test_colours_are_variables_of_the_style_sheet_in_light_and_dark():
    """A chart has no colour of its own, and none that one of the two does not know."""
    style = "".join((html.TEMPLATES / name).read_text(encoding="utf-8") for name in html.STYLES)
    light, dark = (set(), set())
    for block in re.findall(r"(@media[^{]*dark[^{]*\{\s*)?:root \{(.*?)\}", style, re.S):
        (dark if block[0] else light).update(re.findall(r"(--[a-z0-9-]+):", block[1]))
    source = html.render([*make_grid(cases=12), *many(9)], META)
    used = set(re.findall(r'(?:fill|stroke)="var\((--[a-z0-9-]+)\)"', source))
    drawn = set(re.findall(r'(?:fill|stroke)="([^"]*)"', source)) - {"none"}

    assert used
    assert all(one.startswith("var(--") for one in drawn)
    assert used <= light
    assert {one for one in used if one != "--retrieval-miss"} <= dark
    assert {f"--{kind.value.replace(' ', '-')}" for kind in Failure} <= light


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_hostile_names_are_text_in_charts(kind):
    """The same elements as with a tame name; nothing that is not seen, and markup as the letters that it is."""

    def drawn(words):
        runs = []
        for i, task in enumerate(("gsm8k", "hotpotqa", "gsm8k")):
            info = make_info(task, approach=words, key=f"{i}", program=words)
            info = info.model_copy(update={"model": info.model.model_copy(update={"name": words})})
            cases = (make_case("a", metrics=info.metrics), make_case("b", 0.0, metrics=info.metrics))
            runs.append(Run(info=info, cases=cases))
        return "".join(re.findall(r'<svg class="chart.*?</svg>', html.render(runs, META), re.S))

    wild = drawn(HOSTILE[kind])

    assert re.findall(r"<[a-z]+", drawn("tame")) == re.findall(r"<[a-z]+", wild)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", wild
    )
    assert "<script" not in wild
    assert "<img" not in wild


def test_a_chart_is_drawn_the_same_again():
    """Also by a process that has not drawn it yet."""
    [figure] = figures(frontier, many(5))
    first = str(figure.svg)
    vega._drawn.cache_clear()

    assert first == "".join(
        str(vega.draw(one, f"{figure.title}. {figure.words}", css))
        for one, css in ((figure.wide, "chart wide"), (figure.narrow, "chart narrow"))
    )


def test_vega_is_not_loaded_before_a_chart_is_drawn():
    """An idle plugin and the other reports do not wait for a JavaScript engine."""
    code = "import dspysota.plugin, dspysota.report, sys; print('vl_convert' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False" == found.stdout.strip()


# What every chart has


def test_every_chart_has_a_name_a_text_and_a_table():
    """For who cannot see it, and for who wants the digits."""
    source = html.render(make_grid(cases=12), META)
    plates = re.findall(r'<figure class="plate">.*?</figure>', source, re.S)

    assert len(plates) >= 7
    for plate in plates:
        labels = [attrs["aria-label"] for tag, attrs in Page(plate).elements if attrs.get("role") == "img"]
        assert len(labels) == 2
        assert all(len(label) > 40 for label in labels)
        assert plate.count("<table") == plate.count("<caption") == plate.count("<figcaption") == 1


def test_the_table_of_quality_against_cost_holds_what_is_drawn():
    """Every dot lies where its line in the table says, in both drawings."""
    [figure] = figures(frontier, many(12))
    frames = {720: (36, 14, 440 - 62, 14), 358: (30, 14, 380 - 62, 6)}
    top = max(float(re.search(r", (\d\.\d+)\]", line.cells[0])[1]) for line in figure.lines)
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

    assert sorted(cost, key=cost.get) == sorted(spots, key=spots.get)


# Quality against cost


def boxes(drawing):
    """The words of a drawing with the places that they take, letters of a wide common font assumed."""
    found = []
    for node, parents in walk(drawing):
        if node.tag == "text" and node.text:
            x, y = place(node, parents)
            size = float(node.get("font-size").removesuffix("px"))
            wide = 0.6 * size * len(node.text)
            left = x - {"middle": 0.5, "end": 1}.get(node.get("text-anchor"), 0) * wide
            found.append((node.text, left, y - 0.75 * size, left + wide, y + 0.2 * size))
    return found


def meet(one, other):
    return one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]


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


def test_without_prices_runs_are_placed_by_tokens():
    """What cannot be paid can be counted; a run whose server did not say has no place, and is named."""
    silent = make_case(calls=(make_call(usage=Usage(prompt_tokens=None)),))
    runs = [make_run(), Run(info=make_info(key="silent", approach="few_shot"), cases=(silent,))]
    [figure] = figures(frontier, runs)

    assert "exact_match against tokens a question" == figure.title
    assert 1 == len(figure.lines)
    assert "gsm8k · qwen2.5-coder-0.5b · cot · few_shot" in figure.notes[0]


# The other charts


def test_only_measured_seconds_are_drawn():
    """Those of another machine do not belong on the same axis; the table of percentiles has them with their badge."""
    runs = [make_run(), make_run(key="r", provenance="replayed", approach="few_shot")]
    [figure] = figures(latency, runs)

    assert ["gsm8k · qwen2.5-coder-0.5b · cot · zero_shot"] == [line.head.words for line in figure.lines]
    assert [] == figures(latency, runs[1:])
    assert "Not measured here, and so only in the table below" in Page(html.render(runs, META)).text


def test_the_table_of_latencies_holds_what_is_drawn():
    """p50 lies where the table says, between the round seconds of the axis."""
    [figure] = figures(latency, many(3))
    drawing = drawings(figure)[0]
    ticks = {
        float(node.text): place(node, parents)[0]
        for node, parents in walk(drawing)
        if node.tag == "text" and re.fullmatch(r"[\d.]+", node.text or "") and node.get("text-anchor") == "middle"
    }
    spots = {int(title.split()[0]): x for title, x, _ in titled(drawing)}
    for line in figure.lines:
        below, above = (
            [x for tick, x in ticks.items() if tick <= float(line.cells[2])],
            [x for tick, x in ticks.items() if tick >= float(line.cells[2])],
        )
        assert max(below) - 0.6 <= spots[line.head.number] <= min(above) + 0.6


def test_failure_classes_are_in_the_order_of_the_enum():
    """From right answers over the mildest to the hardest, in table, bar and legend, and their numbers are all cases."""
    runs = make_grid(cases=60)
    for figure in figures(failures, runs):
        kinds = figure.columns[:-1]
        assert list(kinds) == [kind for kind in KINDS if kind in kinds]
        for line in figure.lines:
            assert sum(map(int, line.cells[:-1])) == int(line.cells[-1]) == 60
    assert KINDS[1:] == tuple(kind.value for kind in reversed(Failure))


def test_bars_are_as_long_as_the_table_says():
    """Widths of a bar's parts are the shares of the cases."""
    [figure] = figures(failures, [make_run([1.0] * 3 + [0.0])])
    paths = [node for node, _ in walk(drawings(figure)[0]) if node.find("title") is not None]
    widths = [float(re.search(r"h([\d.]+)", node.get("d"))[1]) for node in paths]

    assert ("3", "1", "4") == figure.lines[0].cells
    assert widths[0] == pytest.approx(3 * widths[1], abs=0.05)


def taught(calls=10):
    spent = Usage(prompt_tokens=1_000_000, completion_tokens=0)
    phase = Phase(name="proposing", calls=calls, usage=spent + spent, by_model={SMALL: spent, LARGE: spent})
    compiled = CompileInfo(program_digest="c0" * 32, calls=calls, usage=spent + spent, phases=(phase,), teacher=LARGE)
    teacher = TeacherPrices(model=LARGE, tokens=TokenPrice(prompt=5.0, completion=5.0))
    prices = Prices(basis="list", tokens=PRICE, teacher=teacher)
    return make_run(approach="mipro", compile=compiled, prices=prices)


def test_what_the_teacher_took_is_shown_apart():
    """Its price is another one; in the bar, in the table, and in words."""
    reference = make_run(
        model_name=LARGE, role="reference", prices=Prices(basis="list", tokens=TokenPrice(prompt=5.0, completion=5.0))
    )
    found = costs.values(view([taught(), reference], META))
    [figure] = found["money"]
    small = next(line for line in figure.lines if "mipro" in line.head.words)

    assert ("4", "$0.00002", "$5.1", "$5") == small.cells[:4]
    assert small.cells[4].startswith("after ")
    assert "preparing $0.1" in figure.words
    assert "teacher $5" in figure.words


def test_tokens_are_split_as_the_server_told_them():
    """From the cache, other prompt tokens, completion; a server that did not say is left out."""
    call = make_call(usage=Usage(prompt_tokens=100, completion_tokens=40, cached_tokens=60))
    silent = Run(info=make_info(key="s"), cases=(make_case(calls=(make_call(usage=Usage(prompt_tokens=None)),)),))
    [figure] = costs.values(view([Run(info=make_info(), cases=(make_case(calls=(call,)),)), silent], META))["tokens"]

    assert [("60", "40", "40", "140")] == [line.cells for line in figure.lines]


def test_tasks_are_compared_where_the_same_was_prepared_for_several():
    """A row for a model and an approach, a mark for each data set; one task makes no comparison."""
    grid = make_grid(cases=12)
    figure = across.values(view(grid, META))["chart"]

    assert ("gsm8k", "closed_world_hops") == figure.columns
    assert 5 == len(figure.lines)
    assert 10 == len(titled(drawings(figure)[0]))
    assert across.values(view(grid[:5], META)) is None


def test_a_ladder_has_a_mark_for_each_step_that_was_measured():
    """What was not is said in words, on the same axis for all ladders of a data set."""
    compiled = CompileInfo(
        program_digest="c0" * 32, unprepared_digest="5f" * 32, instructions_digest="5f" * 32, calls=9
    )
    runs = [make_run(adapter="chat"), make_run([1.0] * 4, approach="bootstrap", compile=compiled)]
    [(_, figure, _)] = lift.values(view(runs, META))["ladders"]
    steps = {title.partition(":")[0] for title, _, _ in titled(drawings(figure)[0])}

    assert "unoptimized" in steps
    assert "+ demonstrations" in steps
    assert "format only" not in steps
    assert "not measured" in [box[0] for box in boxes(drawings(figure)[0])]


# The page around them


def test_sections_stand_in_the_order_in_which_one_decides():
    """The answer, what it rests on, what it took, and how to repeat it."""
    compiled = {"unprepared_digest": "ab" * 32, "instructions_digest": "ab" * 32}
    grid = make_grid(cases=12)
    better = grid[3].info.compile.model_copy(update=compiled)
    grid[3] = Run(info=grid[3].info.model_copy(update={"compile": better}), cases=grid[3].cases)
    names = re.findall(r'<section id="([a-z]+)" aria', html.render(grid, META))

    assert [
        "runs",
        "frontier",
        "lift",
        "latency",
        "failures",
        "costs",
        "compiling",
        "across",
        "examples",
        "environment",
    ] == names


def test_sections_without_anything_to_show_are_left_out():
    """One task, nothing optimized, nothing asked twice, no baseline: no empty headings."""
    names = re.findall(r'<section id="([a-z]+)" aria', html.render([make_run()], META))

    assert ["runs", "frontier", "latency", "failures", "costs", "examples", "environment"] == names


def test_the_banner_says_what_was_measured_by_which_weights_on_which_rows_at_which_price():
    """All that somebody asks before believing a number."""
    run = make_run(prices=Prices(basis="list", tokens=PRICE, usd_per_hour=0.5))
    text = Page(html.render([run, make_run(key="o", model_name=LARGE)], META)).text

    assert f"{SMALL} sha256 {run.info.model.digest[:12]}" in text
    assert f"sha256 {run.info.data.digest[:12]}" in text
    assert f"{SMALL} $0.1 + $0.3 a million tokens (a list); $0.5 an hour of its machine" in text
    assert f"{LARGE} none given" in text
    assert "3f901225db33" in text


def test_every_run_says_where_its_numbers_come_from():
    """Measured, replayed, and whether the rows are a twin's."""
    runs = [make_run(), make_run(key="r", provenance="replayed"), make_run(task="hotpotqa", scores=[1.0])]
    source = html.render(runs, META)
    rows = re.findall(r'<tr id="run-\d+".*?</tr>', source, re.S)

    assert [["measured"], ["replayed"], ["measured", "twin"]] == [
        re.findall(r'<span class="badge[^"]*">([^<]*)</span>', row) for row in rows
    ]
    assert make_data("hotpotqa").source == "twin"
