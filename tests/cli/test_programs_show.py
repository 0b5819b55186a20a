"""`dspysota programs show`: the page of a program, with the very prompt that it sends."""

import json
import re

import pytest

from dspysota import programs, tasks
from dspysota.records import Example
from dspysota.testing import FakeServer
from tests.cli.stored import CITIES, counts, exported, forge, keys, knows, prepared, said

pytestmark = pytest.mark.usefixtures("home")


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


def test_show_reads_files_as_well(home, capsys):
    """An export need not be imported to be looked at, nor need the cache's own files be named by their key."""
    prepared()
    name = keys(home)[0]
    exported(capsys, name, "kept.json")
    by_key = said(capsys, "show", name)
    assert by_key == said(capsys, "show", "kept.json")
    assert by_key == said(capsys, "show", str(home / "programs" / name / "program.json"))


def test_every_task_has_a_question_to_show():
    """Whatever task is stored can be shown without a question of one's own."""
    from dspysota.approaches import showing

    for task in tasks.names():
        assert showing.sample(task).question


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
        constrained = adapter == "structured" and program != "pot"  # a program may be any text
        assert constrained == ("the server keeps the output to" in out)
