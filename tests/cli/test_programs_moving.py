"""`dspysota programs export` and `import`: the same program elsewhere, and nothing that could act."""

import json

import pytest

from dspysota import ProgramError
from tests.cli.stored import exported, forge, keys, poisoned, prepared, refused, rekeyed, said

pytestmark = pytest.mark.usefixtures("home")


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
    assert "'no.json' cannot be read" in refused(capsys, "show", "./no.json")


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
    values = rekeyed({**values, "parts": {**values["parts"], "code": "0123"}})
    forged = forge(values)
    assert "other code of dspysota" in said(capsys, "import", forged)
    assert "Count to" in said(capsys, "show", values["key"][:12])


def test_a_key_that_belongs_to_another_program_is_refused(home, capsys, monkeypatch, tmp_path):
    """Else an experiment would take what was compiled for another one; nothing is stored."""
    prepared()
    values = exported(capsys, keys(home)[0])
    other = rekeyed({**values, "parts": {**values["parts"], "seed": 1}})["key"]
    dearer = rekeyed({**values, "info": {**values["info"], "budget": {**values["info"]["budget"], "calls": 7}}})["key"]
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "elsewhere"))

    for key in (other, dearer, "ab" * 32):
        assert f"The key {key[:12]!r} is not that of this program" in refused(capsys, "import", forge(values, key=key))
    assert not (tmp_path / "elsewhere").exists()


PRIVATE = {
    "endpoint": "http://10.0.0.7:8000/v1",
    "api_key": "sk-hush",
    "told": "see http://a.example/b, and http://c.example",
    "at": "{home}/weights",
}


def private(home):
    return {name: value.format(home=home) for name, value in PRIVATE.items()}


def test_an_import_without_addresses_is_taken_where_all_else_agrees(home, capsys, monkeypatch, tmp_path):
    """What was left out is the key's affair alone."""
    prepared(cache_key=private(home))
    exported(capsys, keys(home)[0])
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "elsewhere"))
    said(capsys, "import", "program.json")

    def never(chat):
        raise AssertionError("asked")

    prepared(never, cache_key=private(home))


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda parts: {"approach": "copro"}, '"copro" instead of "bootstrap"'),
        (lambda parts: {"approach": "(left out)"}, '"(left out)" instead of "bootstrap"'),
        (lambda parts: {"seed": 1}, "another seed (1 instead of 0)"),
        (lambda parts: {"seed": False}, "another seed (false instead of 0)"),
        (lambda parts: {"train": parts["start"]}, "another train ("),
        (lambda parts: {"more": 1}, "another more (1 instead of null)"),
        (lambda parts: {"given": {**parts["given"], "told": "see (left out), or (left out)"}}, "another given ("),
        (lambda parts: {"given": {**parts["given"], "endpoint": "ftp://(left out)"}}, "another given ("),
    ],
    ids=["approach", "approach left out", "seed", "kind", "rows", "one more", "text", "address"],
)
def test_a_stored_program_of_other_parts_is_not_taken(home, capsys, monkeypatch, tmp_path, change, says):
    """Where something was left out, its key cannot be made again: then its parts are compared when it is loaded."""
    prepared(cache_key=private(home))
    values = exported(capsys, keys(home)[0])
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "elsewhere"))
    forged = {**values, "parts": {**values["parts"], **change(values["parts"])}}
    stored = tmp_path / "elsewhere" / "programs" / values["key"][:32]
    stored.mkdir(parents=True)
    state = json.dumps(values["state"], ensure_ascii=False, sort_keys=True, indent=1)
    (stored / "program.json").write_text(state)
    meta = {name: forged[name] for name in ("key", "parts", "info", "made", "versions")}
    (stored / "meta.json").write_text(json.dumps(meta))

    with pytest.raises(ProgramError, match="is another one than its key says: it has another ") as told:
        prepared(cache_key=private(home))
    assert says in str(told.value)
    assert f"dspysota programs rm {values['key'][:12]}" in str(told.value)
    prepared(cache_key=private(home), use_cache=False)
    prepared(cache_key=private(home))
