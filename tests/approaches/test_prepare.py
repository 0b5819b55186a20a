"""From an approach's name to a program: compiled once, kept as JSON, loaded again, never trusted."""

import json
import re
from datetime import UTC, datetime

import pytest

from dspysota import approaches, programs, tasks
from dspysota.approaches import few_shot
from dspysota.approaches.preparing import Effort
from dspysota.compiling import saved
from dspysota.compiling.job import make_job
from dspysota.compiling.tape import Tape
from dspysota.errors import ConfigError, DataError, ProgramError
from dspysota.profiles import Optimize
from dspysota.records import Budget, Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer, Fault

ROWS = tuple(Example(id=str(i), inputs={"question": f"Count to {i}."}, gold=str(i)) for i in range(20))
DATA = Splits(train=ROWS, validation=(), test=())


def counts(chat):
    n = re.findall(r"Count to (\d+)\.", chat[-1]["content"])[0]
    return f"One to {n}.\n#### {n}"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))
    return tmp_path


def prepare(server, name="bootstrap", task="gsm8k", program=None, **fields):
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
    values = {
        "task_name": task,
        "program_name": program or programs.names(task)[0],
        "data": DATA,
        "metric": tasks.get(task).score,
        "lm": lm,
        "adapter_name": "plain",
        "seed": 0,
        "concurrency": 4,
        "cache_key": {"model": "digest"},
        "progress": False,
    }
    return approaches.prepare(name, **{**values, **fields})


def demos(prepared):
    return [[dict(demo) for demo in predictor.demos] for predictor in prepared.module.predictors()]


def kept(home):
    (folder,) = (home / "programs").iterdir()
    return folder


def test_a_compiled_program_is_kept_and_loaded():
    """The second time nothing is asked; the program and the figures of its compilation are the same."""
    with FakeServer(counts) as server:
        first = prepare(server)
        asked = len(server.requests)
        second = prepare(server)

        assert len(server.requests) == asked
    assert demos(first) == demos(second)
    assert len(demos(first)[0]) == 4
    assert (first.info.reused, second.info.reused) == (False, True)
    assert first.info.calls == second.info.calls == asked
    assert first.info.usage == second.info.usage
    assert first.info.usage.completion_tokens == 5 * asked
    assert first.info.program_digest == second.info.program_digest


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"adapter_name": "chat"},
        {"program": "direct"},
        {"cache_key": {"model": "other"}},
        {"data": Splits(train=ROWS[1:], validation=(), test=())},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_decides_the_program_is_in_its_key(change):
    """Another seed, adapter, program, model or training set is another program."""
    answers = counts if change.get("adapter_name") != "chat" else "[[ ## reasoning ## ]]\nx\n[[ ## answer ## ]]\n3"
    with FakeServer(counts) as server:
        prepare(server)
    with FakeServer(answers) as server:
        prepared = prepare(server, **change)

    assert not prepared.info.reused


def test_a_sampled_program_takes_what_its_base_was_compiled_to(home):
    """Compiling asks each question once, cold, and one program is kept for the base and all that sample it."""
    with FakeServer(counts) as server:
        voted = prepare(server, program="cot+vote3")
        temperatures = {request.body["temperature"] for request in server.requests}
        asked = len(server.requests)
        base, best = prepare(server, program="cot"), prepare(server, program="cot+best5")

        assert len(server.requests) == asked == voted.info.calls
    assert temperatures == {0.0}
    assert demos(voted) == demos(base) == demos(best)
    assert len(demos(voted)[0]) == 4
    assert (voted.info.reused, base.info.reused, best.info.reused) == (False, True, True)
    assert kept(home)


def test_without_the_cache_everything_is_compiled_anew():
    """`use_cache=False` neither loads nor leaves an old program behind."""
    with FakeServer(counts) as server:
        prepare(server)
        asked = len(server.requests)
        again = prepare(server, use_cache=False)

        assert len(server.requests) > asked
    assert not again.info.reused


@pytest.mark.parametrize("file", ["program.json", "meta.json"])
@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"key": "x"}', "\x00"])
def test_a_damaged_program_is_one_sentence(home, file, damage):
    """A file that was cut off or tampered with is named, with the cure; it is never half loaded."""
    with FakeServer(counts) as server:
        prepare(server)
        (kept(home) / file).write_text(damage)

        with pytest.raises(ProgramError, match=r"damaged.*`dspysota programs rm \w+`.*--sota-no-cache\."):
            prepare(server)


def test_a_program_compiled_among_failures_is_not_kept():
    """With failed requests other demonstrations may be found than without: it serves this run and says so."""
    with FakeServer(counts, faults={0: Fault("error", 400)}) as server:
        first = prepare(server)
        second = prepare(server)

    assert "1 of" in first.info.notes[0]
    assert not second.info.reused
    assert second.info.notes == ()


def test_half_a_program_is_none(home):
    """What an interrupted process left without its second file is compiled anew."""
    with FakeServer(counts) as server:
        prepare(server)
        (kept(home) / "meta.json").unlink()

        assert not prepare(server).info.reused


def test_a_program_of_another_kind_is_refused():
    """A state does not load into a program with other predictors, nor with a language model inside."""
    cot = json.loads(saved.state_of(programs.create("gsm8k", "cot")))
    cot["solve.predict"]["lm"] = {"model": "evil/x", "api_base": "http://evil"}

    for state in (
        saved.state_of(programs.create("gsm8k", "direct")),
        json.dumps(cot),
        "{",
        "[]",
        '{"solve.predict": 1}',
    ):
        with pytest.raises(ProgramError, match="does not fit"):
            saved.restore(programs.create("gsm8k", "cot"), state)


def test_zero_shot_asks_and_keeps_nothing(home):
    """The program as it is: no demonstration, no request, no file."""
    with FakeServer(counts) as server:
        prepared = prepare(server, "zero_shot")

        assert not server.requests
    assert demos(prepared) == [[]]
    assert prepared.info.calls == 0
    assert prepared.info.seconds == 0.0
    assert not (home / "programs").exists()


@pytest.mark.parametrize("task", ["gsm8k", "hotpotqa"])
def test_hand_written_demonstrations_carry_their_reasoning(task):
    """Four or five demonstrations a task, each with reasoning and the right answer line, and no request."""
    with FakeServer(counts) as server:
        (shown,) = demos(prepare(server, "few_shot", task))

        assert not server.requests
    assert len(shown) in {4, 5}
    assert all(demo["reasoning"] and demo["answer"] for demo in shown)


@pytest.mark.parametrize("task", ["gsm8k", "hotpotqa"])
def test_hand_written_answers_score_full_marks(task):
    """Every demonstration, as the model is shown it, gets full marks from the task's own metric."""
    adapter = programs.make_adapter("plain")
    (predictor,) = (p for _, p in few_shot.apply(_job(task)).module.named_predictors())
    for demo in predictor.demos:
        example = Example(id="x", inputs={"question": demo.question}, gold=demo.answer, extra={"supporting_facts": []})
        output = adapter.format_assistant_message_content(predictor.signature, demo)
        prediction = adapter.parse(predictor.signature, output)["answer"]

        assert tasks.get(task).score(example, prediction, output)[tasks.get(task).primary] == 1.0


def test_the_query_step_has_demonstrations_of_its_own():
    """In the two-hop program, the query is shown being written from the first paragraph alone."""
    module = few_shot.apply(_job("hotpotqa", "two_hop")).module
    query, answer = (module.query.demos, module.answer.predict.demos)

    assert len(query) == len(answer) == 4
    assert all(len(demo.context) == 1 and demo.query for demo in query)
    assert all(len(demo.context) >= 2 for demo in answer)


def test_hotpotqa_demonstrations_show_yes_no_and_a_comparison():
    """The kinds of answers that the task has are all shown, and all are short."""
    entries = few_shot.read("hotpotqa")

    assert "yes" in [entry["answer"] for entry in entries]
    assert any("first" in entry["question"] for entry in entries)
    assert all(len(entry["answer"].split()) <= 3 for entry in entries)


def test_gsm8k_demonstrations_calculate_rightly():
    """Every calculation written in a demonstration is true, and the last one gives the answer."""
    import re

    for entry in few_shot.read("gsm8k"):
        sums = re.findall(r"([\d +*/-]*\d) = (\d+)", entry["reasoning"])

        assert sums
        assert all(_value(left) == int(right) for left, right in sums)
        assert sums[-1][1] == entry["answer"]


def _value(text):
    """Value of a left-to-right calculation such as '240 * 15 / 100'."""
    first, *rest = text.split()
    total = float(first)
    for sign, number in zip(rest[::2], rest[1::2], strict=True):
        n = float(number)
        total = {"+": total + n, "-": total - n, "*": total * n, "/": total / n}[sign]
    return total


def test_an_unknown_approach_is_named_with_the_valid_ones():
    """The error lists what there is."""
    with FakeServer(counts) as server, pytest.raises(ConfigError, match=r"'magic'.*zero_shot, few_shot, bootstrap"):
        prepare(server, "magic")


def _job(task, program=None):
    return make_job(
        task=task,
        program=program or programs.names(task)[0],
        adapter_name="plain",
        train=(),
        score=lambda *_: 0.0,
        lm=programs.make_lm("http://127.0.0.1:9/v1", "nobody", None, max_tokens=50),
        tape=Tape(None, Budget(), concurrency=1),
    )


def test_no_held_out_question_is_demonstrated():
    """A hand-written demonstration that is also a test question is refused, with the row's id."""
    question = few_shot.read("gsm8k")[0]["question"]
    leaked = Example(id="test-7", inputs={"question": question}, gold="1")
    with FakeServer(counts) as server, pytest.raises(DataError, match="'test-7' of test"):
        prepare(server, "few_shot", data=Splits(train=ROWS, validation=(), test=(leaked,)))


def test_at_most_so_many_training_questions_are_asked_as_the_profile_says():
    """A model that solves nothing costs 96 questions by default, not the whole training set."""
    rows = tuple(Example(id=str(i), inputs={"question": f"Count to {i}."}, gold="x") for i in range(200))
    with FakeServer("#### many") as server:
        with pytest.raises(ProgramError, match="96 training questions"):
            prepare(server, data=Splits(train=rows, validation=(), test=()))

        assert len(server.requests) == 96


def test_programs_older_than_asked_for_are_compiled_anew(home):
    """With `since` a program stored before is replaced, one stored after is loaded, a damaged one replaced."""
    with FakeServer(counts) as server:
        prepare(server)
        begun = datetime.now(UTC)
        first = prepare(server, since=begun)
        second = prepare(server, since=begun)
        (kept(home) / "meta.json").write_text("{")
        third = prepare(server, since=begun)

    assert [False, True, False] == [prepared.info.reused for prepared in (first, second, third)]


@pytest.mark.parametrize("older", [True, False])
def test_what_an_older_search_had_paid_for_does_not_count(home, older):
    """With `since` an interrupted compilation goes on if it began after that, and starts over if before."""
    with FakeServer(counts) as server:
        prepare(server, effort=Effort(optimize=Optimize(budget=Budget(calls=2))), concurrency=1)
        asked = len(server.requests)
        tape = next((home / "tapes").glob("*.jsonl"))
        begun = datetime.fromtimestamp(tape.stat().st_mtime + (1 if older else -1), UTC)
        prepared = prepare(server, since=begun, concurrency=1)

    assert 2 == asked
    assert (4 if older else 2) == len(server.requests) - asked
    assert 4 == prepared.info.calls
