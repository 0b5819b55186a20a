"""`dspysota programs`: what is stored, what it sends, and how it gets elsewhere; nothing in it can act."""

import hashlib
import json
import os
import re

import pytest

from dspysota import approaches, programs, tasks
from dspysota.cli import main
from dspysota.records import Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer

ROWS = tuple(Example(id=str(i), inputs={"question": f"Count to {i}."}, gold=str(i)) for i in range(8))
PAGES = [["Rome", ["Rome is in Italy."]], ["Oslo", ["Oslo is in Norway."]], ["Bern", ["Bern is in Switzerland."]]]
CITIES = tuple(
    Example(
        id=city,
        inputs={"question": f"Where is {city}?", "paragraphs": PAGES},
        gold=land,
        extra={"supporting_facts": [[city, 0]]},
    )
    for city, land in (("Rome", "Italy"), ("Oslo", "Norway"))
)
ESCAPE, OVERRIDE = "\x1b", "\u202e"


def counts(chat):
    n = re.findall(r"Count to (\d+)\.", chat[-1]["content"])[0]
    return f"One to {n}.\n#### {n}"


def knows(chat):
    question = re.findall(r"Where is (\w+)\?", chat[-1]["content"])[-1]
    if "Query:" in chat[0]["content"]:
        return f"Query: {question}"
    return f"It is said there.\nAnswer: {'Italy' if question == 'Rome' else 'Norway'}"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own, and its folder to stand in."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def prepared(replies=counts, task="gsm8k", program=None, train=ROWS, **fields):
    """Compile a program and store it; return the requests of its whole life."""
    with FakeServer(replies, name="small-1b") as server:
        values = {
            "task_name": task,
            "program_name": program or programs.names(task)[0],
            "data": Splits(train=train, validation=(), test=()),
            "metric": tasks.get(task).score,
            "lm": programs.make_lm(server.base_url, server.name, None, max_tokens=50),
            "adapter_name": "plain",
            "seed": 0,
            "concurrency": 1,
            "cache_key": {"weights": "ab" * 32},
            "progress": False,
        }
        approaches.prepare("bootstrap", **{**values, **fields})


def keys(home):
    return sorted(path.name for path in (home / "programs").iterdir())


def said(capsys, *words):
    """Run a command that succeeds; return what it printed."""
    capsys.readouterr()
    assert main(["programs", *words]) == 0
    return capsys.readouterr().out


def refused(capsys, *words):
    """Run a command that fails; return its one line."""
    capsys.readouterr()
    assert main(["programs", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, 1) == ("", len(err.splitlines()))
    return err


def exported(capsys, key, name="program.json"):
    said(capsys, "export", key, name)
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def forge(values, name="forged.json", **changes):
    """Write an exported file that was changed by somebody who repairs its digests."""
    values = {**values, **changes}
    values.pop("digest", None)
    values["info"] = {**values["info"], "program_digest": digest(values["state"])}
    with open(name, "w", encoding="utf-8") as file:
        json.dump({**values, "digest": digest(values)}, file)
    return name


def digest(value):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    return hashlib.sha256(text.encode()).hexdigest()


def poisoned(values, text):
    """The state with `text` as the instructions of its only predictor."""
    ((name, state),) = values["state"].items()
    return {name: {**state, "signature": {**state["signature"], "instructions": text}}}


def test_an_empty_store_says_how_to_fill_it(capsys):
    """Nobody is left before an empty table."""
    assert main(["programs", "list"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "pytest evals -k bootstrap" in err
    assert json.loads(said(capsys, "list", "--json")) == []


def test_list_shows_what_a_program_is_and_what_it_took(home, capsys):
    """A line a program: what it is for, which model it was made with, its cost and its demonstrations."""
    prepared()
    (line,) = said(capsys, "list").splitlines()[1:]
    words = line.split()
    assert words[:7] == [keys(home)[0][:8], "gsm8k", "cot", "bootstrap", "plain", "small-1b", "ab" * 6]
    assert words[7] == "0"
    assert 4 <= int(words[10]) <= len(ROWS)
    assert int(words[11].replace(",", "")) > 4
    assert words[12:] == ["solve.predict", "4"]


def test_the_newest_comes_first_also_without_a_recorded_time(home, capsys):
    """Programs are listed by the time they were compiled; entries from before it was recorded, by their files' time."""
    for seed in range(3):
        prepared(seed=seed)
    by_seed = {entry["seed"]: entry["key"] for entry in json.loads(said(capsys, "list", "--json"))}
    meta = home / "programs" / by_seed[1][:32] / "meta.json"
    values = json.loads(meta.read_text())
    del values["made"], values["versions"]
    meta.write_text(json.dumps(values))
    os.utime(meta, (1e9, 1e9))

    listed = json.loads(said(capsys, "list", "--json"))

    assert [2, 0, 1] == [entry["seed"] for entry in listed]
    assert listed[2]["made"].startswith("2001-09-09T01:46:40")
    assert {"dspy", "dspysota"} == set(listed[0]["versions"])
    assert {"solve.predict": 4} == listed[0]["demonstrations"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 3}', "\x00"])
@pytest.mark.parametrize("file", ["program.json", "meta.json"])
def test_a_damaged_entry_is_listed_with_its_cure(home, capsys, file, damage):
    """One that cannot be read does not hide the others, is named with what to type, and that cures it."""
    prepared()
    prepared(seed=1)
    name = keys(home)[0]
    (home / "programs" / name / file).write_text(damage)

    lines = said(capsys, "list").splitlines()

    assert 3 == len(lines)
    assert lines[-1].startswith(f"{name[:8]}  damaged: ")
    cure = re.findall(r"`dspysota (programs rm \w+)`", lines[-1])[0]
    assert name[:12] in refused(capsys, "show", name)
    assert main(cure.split()) == 0
    assert 2 == len(said(capsys, "list").splitlines())


def test_half_an_entry_is_damaged_and_strangers_are_no_entries(home, capsys):
    """What a crash left is named; folders with other names are not ours to speak of."""
    for name in ("0" * 32, "notes"):
        (home / "programs" / name).mkdir(parents=True)
    (entry,) = json.loads(said(capsys, "list", "--json"))
    assert "0" * 32 == entry["key"]
    assert "not whole" in entry["damaged"]


@pytest.mark.parametrize("adapter", ["plain", "chat", "json"])
def test_show_prints_the_very_messages_that_are_sent(home, capsys, adapter):
    """The prompt is not described but sent: every line of what the server gets for the same question is there."""
    prepared(lambda chat: formed(adapter, counts(chat)), adapter_name=adapter)
    with FakeServer("", name="small-1b") as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        answered(lm, adapter, home)
        sent = server.requests[0].body["messages"]

    out = said(capsys, "show", keys(home)[0][:6], "--question", "Count to 99.")

    page = out[out.index("what the model will see") :]
    shown = re.findall(r"^    │ ?(.*)$", page, flags=re.MULTILINE)
    assert [line for turn in sent for line in turn["content"].split("\n")] == shown
    assert [turn["role"] for turn in sent] == re.findall(r"^  (\w+)$", page, flags=re.MULTILINE)
    assert 1 == page.count("\nrequest ")


def formed(adapter, output):
    """An output in the form that an adapter reads."""
    reasoning, answer = output.split("\n#### ")
    if adapter == "chat":
        return f"[[ ## reasoning ## ]]\n{reasoning}\n\n[[ ## answer ## ]]\n{answer}\n\n[[ ## completed ## ]]"
    return json.dumps({"reasoning": reasoning, "answer": answer}) if adapter == "json" else output


def answered(lm, adapter, home):
    """Ask the stored program one question."""
    from dspysota.compiling import saved

    module = programs.create("gsm8k", "cot")
    saved.restore(module, (home / "programs" / keys(home)[0] / "program.json").read_text())
    example = Example(id="x", inputs={"question": "Count to 99."}, gold="99")
    programs.make_solver(module, lm, adapter)(example)


def test_show_gets_to_every_step_of_a_program(home, capsys):
    """Each step is shown by the predictor that takes it, with a mark where the model's answer will stand."""
    prepared(knows, task="hotpotqa", program="two_hop", train=CITIES)

    out = said(capsys, "show", keys(home)[0])

    assert ["query", "answer.predict"] == re.findall(r"^request \d, by (\S+):", out, flags=re.MULTILINE)
    assert "Not reached" not in out
    assert "In which country is the city" in out
    assert "Norvale is a city in Estonda." in out
    assert re.search(r"predictor query\n  instructions\n    │ Write a search query", out)


def test_show_says_what_it_took(home, capsys):
    """The page begins with what the program is, its whole key, when and with what it was made, and its cost."""
    prepared()
    out = said(capsys, "show", keys(home)[0])
    assert f"{keys(home)[0][:8]}  gsm8k · cot · bootstrap · plain · small-1b" == out.splitlines()[0]
    assert re.search(r"made     \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC with dspy 3\.4\.\d+, dspysota ", out)
    assert re.search(r"took     [4-8] calls, \d+ tokens \(\d+ prompt, \d+ completion\)", out)
    assert 4 == out.count("by a model")


def test_every_task_has_a_question_to_show():
    """Whatever task is stored can be shown without a question of one's own."""
    from dspysota.approaches import showing

    for task in tasks.names():
        assert showing.sample(task).question


@pytest.mark.parametrize("words", [("show",), ("export",), ("rm",)])
def test_a_key_that_means_none_or_several_is_refused(home, capsys, words):
    """As with git: a beginning is enough where it is one program's alone."""
    prepared()
    name = keys(home)[0]
    twin = name[:10] + ("0" if name[10] != "0" else "1") + name[11:]
    (home / "programs" / twin).mkdir()
    more = ("out.json",) if words == ("export",) else ()

    assert "beginning of 2 keys" in refused(capsys, *words, name[:10], *more)
    assert name[:11] in refused(capsys, *words, name[:10], *more)
    for wrong in ("f" * 9 if not name.startswith("f") else "0" * 9, "..", "*", ""):
        assert "`dspysota programs list`" in refused(capsys, *words, wrong, *more)
    assert [name, twin] == sorted(keys(home), key=lambda key: key != name)


def test_short_keys_are_as_long_as_they_must_be(home, capsys):
    """What the list shows can be typed."""
    prepared()
    name = keys(home)[0]
    (home / "programs" / (name[:10] + ("0" if name[10] != "0" else "1") + name[11:])).mkdir()
    assert name[:11] == said(capsys, "list").splitlines()[1].split()[0]
    assert name[:8] in said(capsys, "show", name[:11])


def test_a_round_trip_is_the_identity(home, capsys, monkeypatch, tmp_path):
    """Exported here, imported there: the same files under the same key, and exported again the same text."""
    prepared(cache_key={"weights": "cd" * 32})
    name = keys(home)[0]
    before = {file: (home / "programs" / name / file).read_bytes() for file in ("program.json", "meta.json")}
    said(capsys, "export", name[:8], "one.json")
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "elsewhere"))

    out = said(capsys, "import", "one.json")

    assert "small-1b: stored" in out
    assert "solve.predict 4" in out
    there = tmp_path / "elsewhere" / "programs" / name
    assert before == {file: (there / file).read_bytes() for file in before}
    said(capsys, "export", name[:8], "two.json")
    with open("one.json") as one, open("two.json") as two:
        assert one.read() == two.read()
    assert "here already" in said(capsys, "import", "two.json")


def test_an_imported_program_is_taken_instead_of_compiling(home, capsys, monkeypatch, tmp_path):
    """The key is the same, so an experiment that would have compiled it finds it."""
    prepared()
    exported(capsys, keys(home)[0])
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "elsewhere"))
    said(capsys, "import", "program.json")

    def never(chat):
        raise AssertionError("asked")

    prepared(never)


def test_an_export_tells_nothing_of_the_machine(home, capsys, monkeypatch):
    """Neither the address that answered, nor folders, nor a key goes along."""
    monkeypatch.setenv("DSPYSOTA_API_KEY", "sk-hush")
    given = {"endpoint": "http://me:pw@10.0.0.7:8000/v1", "model": "small-1b", "api_key": "sk-hush", "at": str(home)}
    prepared(cache_key=given)

    values = exported(capsys, keys(home)[0])

    text = json.dumps(values)
    assert [] == [word for word in ("10.0.0.7", "pw@", "sk-hush", str(home), "://") if word in text]
    assert {"endpoint": "(left out)", "model": "small-1b", "api_key": "(left out)"}.items() <= values["parts"][
        "given"
    ].items()
    assert "here already" in said(capsys, "import", "program.json")
    assert "10.0.0.7" in (home / "programs" / keys(home)[0] / "meta.json").read_text()


def test_nothing_is_overwritten_unless_told(home, capsys):
    """A file, or a different program of the same key, is only replaced with --force."""
    prepared()
    name = keys(home)[0]
    values = exported(capsys, name)
    assert "--force" in refused(capsys, "export", name, "program.json")
    said(capsys, "export", name, "program.json", "--force")
    forged = forge(values, state=poisoned(values, "Do it otherwise."))
    before = (home / "programs" / name / "program.json").read_bytes()

    assert "--force" in refused(capsys, "import", forged)
    assert before == (home / "programs" / name / "program.json").read_bytes()
    assert "stored" in said(capsys, "import", forged, "--force")
    assert "Do it otherwise." in said(capsys, "show", name)


def test_an_import_cures_a_damaged_entry(home, capsys):
    """What is there and cannot be read is no program that could be lost."""
    prepared()
    name = keys(home)[0]
    exported(capsys, name)
    (home / "programs" / name / "meta.json").write_text("{")
    assert "stored" in said(capsys, "import", "program.json")
    assert "damaged" not in said(capsys, "list")


def predictor(values, **changes):
    ((name, state),) = values["state"].items()
    return {name: {**state, **changes}}


LM = {"model": "openai/x", "api_base": "http://evil.example/v1", "class": "os.system"}
REFUSALS = {
    "a language model": (lambda v: {"state": predictor(v, lm=LM)}, "lm"),
    "an attribute that is none": (lambda v: {"state": predictor(v, forward="x")}, "forward"),
    "a decision": (lambda v: {"state": predictor(v, fields={"answer": {}})}, "fields"),
    "demonstrations that are none": (lambda v: {"state": predictor(v, demos=["x"])}, "demos"),
    "another predictor": (lambda v: {"state": {"other": next(iter(v["state"].values()))}}, "does not fit"),
    "no predictor": (lambda v: {"state": {}}, "does not fit"),
    "no state": (lambda v: {"state": 7}, "no program"),
    "an unknown task": (lambda v: {"parts": {**v["parts"], "task": "gsm9k"}}, "'gsm9k'"),
    "an unknown program": (lambda v: {"parts": {**v["parts"], "program": "../../x"}}, "has no program"),
    "an unknown approach": (lambda v: {"parts": {**v["parts"], "approach": "os"}}, "no approach 'os'"),
    "an unknown adapter": (lambda v: {"parts": {**v["parts"], "adapter": None}}, "no adapter"),
    "a key that leads elsewhere": (lambda v: {"key": "../" * 20 + "x" * 4}, "key"),
    "a newer format": (lambda v: {"dspysota_program": 2}, "format 2"),
    "no format": (lambda v: {"dspysota_program": True}, "no exported program"),
    "a field too many": (lambda v: {"run": "rm -rf"}, "run"),
    "a time that is none": (lambda v: {"made": "soon"}, "made"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_no_program_of_ours_is_refused(home, capsys, monkeypatch, tmp_path, case):
    """Digests that are right do not help a file whose content is not what a program may hold; nothing is stored."""
    change, word = REFUSALS[case]
    prepared()
    values = exported(capsys, keys(home)[0])
    forged = forge(values, **change(values))
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "elsewhere"))

    assert word in refused(capsys, "import", forged)
    assert not (tmp_path / "elsewhere").exists()
    assert word in refused(capsys, "show", f"./{forged}")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x04K\x01.", b"[1, 2]", b"null", b"[" * 100_000, b'{"a": 1}', b" " * (16 * 1024 * 1024 + 1)],
    ids=["empty", "pickle", "array", "null", "deep", "other", "huge"],
)
def test_files_of_other_kinds_are_refused(capsys, tmp_path, content):
    """Not JSON, not an object, too deep, too large, or somebody else's: one sentence each."""
    (tmp_path / "here" / "x.json").write_bytes(content)
    assert "x.json" in refused(capsys, "import", "x.json")


def test_a_file_that_is_not_there_is_named(capsys):
    """A wrong path is one sentence."""
    assert "'no.json' cannot be read" in refused(capsys, "import", "no.json")
    assert "'./no.json'" in refused(capsys, "show", "./no.json") or "no.json" in refused(capsys, "show", "./no.json")


def test_a_changed_file_is_noticed(home, capsys):
    """Whoever edits an export, or loses its end, is told so."""
    prepared()
    values = exported(capsys, keys(home)[0])
    for change in ({"state": poisoned(values, "Obey.")}, {"parts": {**values["parts"], "seed": 9}}):
        with open("changed.json", "w") as file:
            json.dump({**values, **change}, file)
        assert "was changed" in refused(capsys, "import", "changed.json")


def test_a_program_of_other_code_is_taken_with_a_remark(home, capsys):
    """Experiments here would compile their own, which is said; the program can still be looked at."""
    prepared()
    values = exported(capsys, keys(home)[0])
    forged = forge(values, key="ab" * 32, parts={**values["parts"], "code": "0123"})
    assert "other code of dspysota" in said(capsys, "import", forged)
    assert "Count to" in said(capsys, "show", "abab")


def test_show_reads_files_as_well(home, capsys):
    """An export need not be imported to be looked at, nor need the cache's own files be named by their key."""
    prepared()
    name = keys(home)[0]
    exported(capsys, name, "kept.json")
    by_key = said(capsys, "show", name)
    assert by_key == said(capsys, "show", "kept.json")
    assert by_key == said(capsys, "show", str(home / "programs" / name / "program.json"))


def test_nothing_that_a_model_said_acts_on_the_terminal(home, capsys):
    """Escapes, overrides of direction and other unseen characters are spelled out, wherever they hide."""
    prepared()
    values = exported(capsys, keys(home)[0])
    evil = f"x{ESCAPE}]0;owned\x07{OVERRIDE}y\r\x9bz[bold]\u200b"
    state = poisoned(values, f"{evil}\npredictor fake\nrequest 2, by fake")
    ((name, predictor_state),) = state.items()
    demo = {**predictor_state["demos"][0], "answer": evil, evil: evil}
    parts = {**values["parts"], "model": f"dspysota/{evil}", "seed": evil, "given": {"weights": evil}}
    info = {**values["info"], "notes": [evil], "teacher": evil, "stopped": evil}
    changes = {"parts": parts, "info": info, "versions": {evil: evil}, "key": "cd" * 32}
    forged = forge(values, state={name: {**predictor_state, "demos": [demo]}}, **changes)

    outs = [
        said(capsys, "import", forged),
        said(capsys, "list"),
        said(capsys, "list", "--json"),
        said(capsys, "show", "cdcd", "--question", evil),
    ]

    text = "".join(outs).replace("\n", "")
    assert text.isprintable()
    assert "[bold]" in outs[1]
    assert "␛]0;owned" in outs[3]
    assert "⟨U+202E⟩" in outs[3]
    assert 1 == len(re.findall("^predictor ", outs[3], flags=re.MULTILINE))
    assert 1 == len(re.findall("^request ", outs[3], flags=re.MULTILINE))


def test_rm_deletes_all_that_are_named_or_none(home, capsys):
    """One wrong name among several deletes nothing."""
    for seed in range(3):
        prepared(seed=seed)
    first, second, third = keys(home)
    wrong = "f" * 32 if first[0] != "f" and third[0] != "f" else "0" * 32
    refused(capsys, "rm", first, wrong)
    assert 3 == len(keys(home))
    out = said(capsys, "rm", first[:10], second, first)
    assert 2 == out.count("deleted")
    assert [third] == keys(home)


@pytest.mark.parametrize("adapter", programs.adapters())
@pytest.mark.parametrize("task", tasks.names())
def test_every_program_can_be_shown_to_its_last_step(home, capsys, task, adapter):
    """Whichever program and adapter, the walk comes to every predictor without a model."""
    from dspysota.compiling import saved

    prepared()
    values = exported(capsys, keys(home)[0])
    pooled = [name for name in programs.variants(task) if name.endswith("@pool")]
    for program in [*programs.names(task), *pooled]:
        module = programs.create(task, program.partition("@")[0])
        parts = {**values["parts"], "task": task, "program": program, "adapter": adapter}
        forged = forge(values, parts=parts, state=json.loads(saved.state_of(module)))

        out = said(capsys, "show", f"./{forged}")

        assert "Not reached" not in out
        steps = set(re.findall(r"^request \d, by (\S+):", out, flags=re.MULTILINE))
        assert {name for name, _ in module.named_predictors()} == steps
        assert (adapter == "completion") == ("\n  prompt\n" in out)
        assert (adapter == "structured") == ("the server keeps the output to" in out)
