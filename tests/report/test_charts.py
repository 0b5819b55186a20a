"""Charts of the report: nothing but drawing gets into the page, and each has a name, a text and a table."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from dspysota.records import Failure, Run
from dspysota.report import html
from dspysota.report.charts import svg, vega
from dspysota.report.sections import frontier
from tests.factories import make_case, make_grid, make_info
from tests.report.drawings import META, figures, many, walk
from tests.report.test_html import HOSTILE, Page


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
        for node, _ in walk(ElementTree.fromstring(drawing)):
            assert not {"style", "id", "font-family", "clip-path", "href"} & set(node.attrib)
            assert node.tag in {"svg", "g", "line", "path", "rect", "text", "title"}


def test_colours_are_variables_of_the_style_sheet_in_light_and_dark():
    """A chart has no colour of its own, and none that one of the two does not know."""
    style = "".join((html.TEMPLATES / name).read_text(encoding="utf-8") for name in html.STYLES)
    light: set[str] = set()
    dark: set[str] = set()
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
