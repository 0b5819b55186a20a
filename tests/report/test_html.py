"""The HTML report, read back with a parser as a browser would read it."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from dspysota.records import Failure, Message, Run
from dspysota.report import html
from dspysota.report.meta import Outcome, ReportMeta
from tests.factories import make_call, make_case, make_data, make_info, make_run

VOID = {"meta", "input", "br", "link", "img"}
HOSTILE = {
    "script": "<script>window.owned = 1</script>",
    "closing": "</script></style></pre></title></textarea><h1>owned</h1>",
    "handler": '"><img src=x onerror="owned()"><svg onload=owned()>',
    "entity": "&lt;script&gt;&#60;script&#62; &amp;",
    "comment": "<!-- --!> <![CDATA[ ]]> <?php ?>",
    "template": "{{ 7 * 7 }}{% raw %}",
    "link": "javascript:owned() data:text/html,x",
    "control": "a\x00b\x1b[31mred\x07\x08\x7f\x85",
    "bidi": "user\u202e txt.exe\u2066\u200f\u061c",
    "surrogate": "half \ud83d of a pair",
    "separators": "one\u2028two\u2029three\ufeff\u200b",
    "noncharacter": "\ufffe\uffff\U000e0041",
}


class Page(HTMLParser):
    """Elements, their attributes, and text, of a page whose tags are all closed."""

    def __init__(self, source):
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")

    def handle_pi(self, data):
        raise AssertionError(f"a processing instruction: {data!r}")

    def unknown_decl(self, data):
        raise AssertionError(f"a declaration: {data!r}")

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def tags(self):
        return [tag for tag, _ in self.elements]


def page(runs, **meta):
    return Page(html.render(runs, ReportMeta(command="pytest evals", **meta)))


def hostile_run(words):
    """A run whose every string that comes from outside is `words`."""
    call = make_call(words, [Message(role=words, content=words), Message(role="user", content=words)], error=words)
    fields = {"question": words, "gold": words, "prediction": words, "calls": (call,), "details": {words: [words]}}
    cases = [make_case(words, 0.0, failure=Failure.SERVER_ERROR, **fields), make_case("x", **fields)]
    cases = [case.model_copy(update={"error": words if case.error else None}) for case in cases]
    data = make_data("gsm8k").model_copy(update={"name": words, "origin": words})
    info = make_info(approach=words, program=words, versions={words: words}, machine={words: words}, commit=words)
    model = info.model.model_copy(update={"name": words, "served_name": words, "server_flags": (words,)})
    return Run(info=info.model_copy(update={"data": data, "model": model}), cases=tuple(cases))


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_hostile_text_adds_no_element_and_no_attribute(kind):
    """The page has the same elements and attributes, whatever models, rows and versions are called or say."""
    tame, wild = hostile_run("tame"), hostile_run(HOSTILE[kind])
    outcome = Outcome(outcome="failed", misses=(HOSTILE[kind],), test=HOSTILE[kind])
    calm = outcome.model_copy(update={"misses": ("tame",), "test": "tame"})
    expected = page([tame], title="tame", outcomes={tame.info.key: calm})
    found = page([wild], title=HOSTILE[kind], outcomes={wild.info.key: outcome})
    assert found.tags() == expected.tags()
    assert [sorted(attrs) for _, attrs in found.elements] == [sorted(attrs) for _, attrs in expected.elements]


@pytest.mark.parametrize("kind", ["script", "closing", "handler", "entity", "comment", "template", "link"])
def test_hostile_markup_is_shown_as_the_text_it_is(kind):
    """What the model wrote can be read in the report, letter by letter."""
    assert HOSTILE[kind] in page([hostile_run(HOSTILE[kind])]).text


def test_one_script_no_request_no_inline_style():
    """Beside our script no script or handler, nothing that loads or leads elsewhere, no style attribute."""
    found = page([hostile_run(HOSTILE["handler"])])
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(found.tags())
    assert [attrs for tag, attrs in found.elements if tag == "script" and attrs.get("type") != "text/plain"] == [{}]
    for _, attrs in found.elements:
        assert not [name for name in attrs if name.startswith("on") or name in {"style", "src", "srcset", "action"}]
        assert attrs.get("href", "#").startswith("#")
    assert "url(" not in html.render([make_run()], ReportMeta(command=""))
    assert "@import" not in html.render([make_run()], ReportMeta(command=""))


def test_the_policy_allows_only_the_style_sheet_and_the_script_in_the_page():
    """default-src is 'none'; the digests are those of the texts between the tags, and no text becomes markup."""
    source = html.render([make_run()], ReportMeta(command=""))
    [style] = re.findall(r"<style>(.*?)</style>", source, re.S)
    [script] = re.findall(r"<script>(.*?)</script>", source, re.S)
    of_style, of_script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    [policy] = [a["content"] for t, a in Page(source).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.split("; ")[:5] == [
        "default-src 'none'",
        f"style-src 'sha256-{of_style}'",
        f"script-src 'sha256-{of_script}'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]


@pytest.mark.parametrize("kind", ["control", "bidi", "surrogate", "separators", "noncharacter"])
def test_invisible_characters_are_spelled_out(kind):
    """No control, bidi, zero-width or half character reaches the page; it can be written as UTF-8."""
    source = html.render([hostile_run(HOSTILE[kind])], ReportMeta(command=HOSTILE[kind]))
    source.encode("utf-8")
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", source
    )
    assert re.search(r"⟨U\+[0-9A-F]{4,6}⟩", source)


def test_text_that_is_not_latin_stays_as_it_is():
    """Only what cannot be seen is spelled out."""
    words = "Þórður åt 3 кг яблок、北京 مرحبا 👍"
    assert words in page([hostile_run(words)]).text


def test_a_line_of_a_megabyte_is_cut_and_says_so():
    """20,000 characters of each text are shown; the report says where the rest is."""
    words = "x" * 1_000_000
    found = html.render([Run(info=make_info(), cases=hostile_run(words).cases)], ReportMeta(command=words))
    assert "980,000 more characters are in cases.jsonl." in found
    assert len(found.replace(words, "", 1)) < 500_000


def test_the_same_records_give_the_same_bytes(grid, meta):
    """A report is a pure function of records: no clock, no dictionary order, no draw."""
    assert html.render(grid, meta) == html.render(grid, meta)


def test_ids_are_unique_and_every_link_leads_somewhere(grid, meta):
    """Anchors in the page are unique; every #link has its target."""
    found = Page(html.render(grid, meta))
    ids = [attrs["id"] for _, attrs in found.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for tag, attrs in found.elements if tag == "a" and "href" in attrs} <= set(ids)
    assert {attrs["aria-labelledby"] for _, attrs in found.elements if "aria-labelledby" in attrs} <= set(ids)


def test_the_verdict_comes_first_with_its_reason(grid, meta):
    """Whoever opens the report reads what failed and why before anything else."""
    text = page(grid, title=meta.title, outcomes=meta.outcomes).text.split("Small against large", 2)[-1]
    assert (
        text.index("1 of 9 runs missed its bar") < text.index("accuracy 0.167 < 0.3") < text.index("Failed runs first")
    )


def test_failed_runs_come_first(grid, meta):
    """The failed run leads the table, the others keep their order."""
    found = Page(html.render(grid, meta))
    rows = [attrs for tag, attrs in found.elements if tag == "tr" and attrs.get("id", "").startswith("run-")]
    assert [attrs["class"] for attrs in rows] == ["failed", *["passed"] * 8, "not-judged"]


def test_a_twin_is_never_called_the_benchmark(grid, meta):
    """Rows from a generator are said to be from one."""
    text = Page(html.render(grid, meta)).text
    assert "closed_world_hops twin 12 of its test split, from an offline twin, not the published benchmark" in text


def test_shared_turns_are_written_once():
    """The demonstrations that all calls begin with are stored once a run, each case adding its own turn only."""
    demos = [Message(role="system", content="Solve it."), Message(role="user", content="DEMONSTRATION")]
    run = make_run([1.0, 0.0, 1.0])
    calls = [make_call(messages=[*demos, Message(role="user", content=f"own {i}")]) for i in range(3)]
    cases = [case.model_copy(update={"calls": (call,)}) for case, call in zip(run.cases, calls, strict=True)]
    text = page([Run(info=run.info, cases=tuple(cases))]).text
    assert text.count("DEMONSTRATION") == 1
    assert "Prompt A: the 2 messages with which 3 calls of this run begin" in text
    assert all(f"own {i}" in text for i in range(3))


def test_different_first_turns_are_never_merged():
    """A call whose prompt differs shows all of it; nothing is claimed to have been sent that was not."""
    run = make_run([1.0, 1.0])
    calls = [
        make_call(messages=[Message(role="system", content=f"S{i}"), Message(role="user", content="q")]) for i in "ab"
    ]
    cases = [case.model_copy(update={"calls": (call,)}) for case, call in zip(run.cases, calls, strict=True)]
    text = page([Run(info=run.info, cases=tuple(cases))]).text
    assert "Prompt A" not in text
    assert "Sa" in text
    assert "Sb" in text


def test_credentials_in_commands_urls_and_server_settings_are_left_out():
    """Neither a key on a command line nor one in a server's environment reaches the page."""
    info = make_info()
    secret = {"server_flags": ("--api-key", "sk-hush"), "server_env": {"HF_TOKEN": "hf_hush"}}
    model = info.model.model_copy(update=secret | {"base_url": "http://me:hush@host/v1"})
    run = Run(info=info.model_copy(update={"model": model}), cases=(make_case(),))
    command = "HF_TOKEN=hush pytest --sota-base-url https://u:hush@h/v1 --api-key=hush"
    assert "hush" not in html.render([run], ReportMeta(command=command))


@pytest.mark.parametrize("runs", [[], [make_run([])]], ids=["no run", "a run without cases"])
def test_nothing_measured_is_still_a_page(runs):
    """A session that was interrupted before its first case leaves a report that says so."""
    assert "none of them judged" in page(runs).text


def test_one_run_of_one_case_without_calls_is_a_page():
    """Charts, intervals and percentiles hold for the smallest run; zero tokens have no place on a logarithmic axis."""
    run = Run(info=make_info(wall_seconds=0.0), cases=(make_case(calls=()),))
    assert "exact_match" in page([run]).text
