"""The tape of a compilation: nothing is paid twice, nothing beyond the budget, and nothing is lost."""

import threading

import pytest

from dspysota.compiling.budget import BudgetSpentError
from dspysota.compiling.entries import Sent, Weight
from dspysota.compiling.tape import Tape
from dspysota.errors import ProgramError
from dspysota.records import Budget, Failure, TokenPrice, Usage
from tests.factories import make_call

LIGHT = Weight(prompt_bytes=40, max_tokens=10)
UNKNOWN = Usage(prompt_tokens=None, completion_tokens=None)


class Model:
    """Answers every request by its key, and counts them; each answer takes 20 prompt and 10 completion tokens."""

    def __init__(self, **fields):
        self.asked = []
        self.fields = fields

    def answers(self, key, failure=None):
        def send():
            self.asked.append(key)
            error = str(failure) if failure else None
            return Sent(make_call(f"answer to {key}", error=error, **self.fields), failure)

        return send

    def ask(self, tape, key, phase="scoring", failure=None):
        return tape.ask(key, LIGHT, phase, "tiny", self.answers(key, failure))


def test_what_was_asked_before_is_answered_from_the_tape():
    """The same request is sent once, and the second answer says that it was not."""
    model, tape = Model(), Tape(None, Budget(), concurrency=4)

    (first, sent), (again, resent) = model.ask(tape, "a"), model.ask(tape, "a")

    assert model.asked == ["a"]
    assert (first.output, again.output) == ("answer to a", "answer to a")
    assert (sent, resent) == (True, False)


def test_a_tape_on_disk_goes_on_in_another_session(tmp_path):
    """A second session finds every answer of the first, its calls, and its seconds, and sends only what is new."""
    path, model, times = tmp_path / "tape.jsonl", Model(), iter(range(100))
    with Tape(path, Budget(), concurrency=4, clock=lambda: next(times)) as tape:
        model.ask(tape, "a")
        model.ask(tape, "b")

    with Tape(path, Budget(), concurrency=4) as tape:
        model.ask(tape, "a")
        model.ask(tape, "c")

        assert (tape.calls, tape.sessions) == (3, 2)
        assert tape.seconds >= 2

    assert model.asked == ["a", "b", "c"]


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_line_that_a_crash_cut_short_is_asked_again(tmp_path, cut):
    """Of a torn last write nothing is kept, and what comes after it starts on a line of its own."""
    path, model = tmp_path / "tape.jsonl", Model()
    with Tape(path, Budget(), concurrency=4) as tape:
        model.ask(tape, "a")
        model.ask(tape, "b")
    path.write_bytes(path.read_bytes()[:-cut])

    with Tape(path, Budget(), concurrency=4) as tape:
        for key in ("a", "b", "c"):
            model.ask(tape, key)
    with Tape(path, Budget(), concurrency=4) as tape:
        model.ask(tape, "c")

    assert model.asked == ["a", "b", "b", "c"]


def test_a_damaged_tape_is_an_error_that_names_the_line(tmp_path):
    """A line in the middle that is none is not passed over: what it held was paid for."""
    path, model = tmp_path / "tape.jsonl", Model()
    with Tape(path, Budget(), concurrency=4) as tape:
        model.ask(tape, "a")
    path.write_bytes(b"{}\n" + path.read_bytes())

    with pytest.raises(ProgramError, match=r"Line 1 .*damaged; delete the file"):
        Tape(path, Budget(), concurrency=4)


@pytest.mark.parametrize("failure", [Failure.SERVER_ERROR, Failure.TIMEOUT])
def test_a_request_that_failed_is_paid_for_and_asked_again(tmp_path, failure):
    """It counts, and the next session may have better luck."""
    path, model = tmp_path / "tape.jsonl", Model()
    with Tape(path, Budget(), concurrency=4) as tape:
        model.ask(tape, "a", failure=failure)

        assert tape.unlucky == 1
        assert tape.phases()[0].failed == 1
    with Tape(path, Budget(), concurrency=4) as tape:
        model.ask(tape, "a")

        assert tape.unlucky == 0
        assert tape.calls == 2


def test_a_prompt_that_is_too_long_is_nobodys_bad_luck():
    """A context overflow would come again on any other day: it counts as failed, and not against the outcome."""
    model, tape = Model(), Tape(None, Budget(), concurrency=4)

    model.ask(tape, "a", failure=Failure.CONTEXT_OVERFLOW)

    assert tape.phases()[0].failed == 1
    assert tape.unlucky == 0


def test_not_one_call_beyond_the_budget():
    """The request after the last one is refused without being sent, and so is every later one."""
    model, tape = Model(), Tape(None, Budget(calls=2), concurrency=4)
    model.ask(tape, "a")
    model.ask(tape, "b")

    for key in ("c", "d"):
        with pytest.raises(BudgetSpentError, match="2 calls"):
            model.ask(tape, key)

    assert model.asked == ["a", "b"]
    assert tape.stopped == "2 calls"
    assert model.ask(tape, "a")[0].output == "answer to a"


def test_earlier_sessions_count_in_the_budget(tmp_path):
    """A budget is for the whole compilation, however often it was interrupted; a larger one lets it go on."""
    path, model = tmp_path / "tape.jsonl", Model()
    with Tape(path, Budget(calls=2), concurrency=4) as tape:
        model.ask(tape, "a")
    with Tape(path, Budget(calls=2), concurrency=4) as tape:
        model.ask(tape, "b")
        with pytest.raises(BudgetSpentError):
            model.ask(tape, "c")
    with Tape(path, Budget(calls=3), concurrency=4) as tape:
        model.ask(tape, "c")

    assert model.asked == ["a", "b", "c"]


@pytest.mark.parametrize("budget", [Budget(tokens=200), Budget(usd=0.0002)], ids=["tokens", "usd"])
def test_tokens_and_dollars_stay_inside_the_budget(budget):
    """What a request may take is set aside before it is sent, so the sum never goes beyond."""
    model, tape = Model(), Tape(None, budget, concurrency=4, prices={"tiny": TokenPrice(prompt=1.0, completion=1.0)})

    with pytest.raises(BudgetSpentError):
        [model.ask(tape, str(number)) for number in range(100)]

    (phase,) = tape.phases()
    assert 3 <= phase.calls <= 6
    assert phase.usage.total_tokens is not None
    assert phase.usage.total_tokens <= 200
    assert phase.usd == pytest.approx(phase.usage.total_tokens / 1e6)


@pytest.mark.parametrize("budget", [Budget(tokens=200), Budget(usd=0.0002)], ids=["tokens", "usd"])
def test_tokens_that_nobody_counts_end_a_budget_that_counts_them(tmp_path, budget):
    """After the first answer without counts nothing more is sent, in this session and in the next."""
    path, model = tmp_path / "tape.jsonl", Model(usage=UNKNOWN)
    prices = {"tiny": TokenPrice(prompt=1.0, completion=1.0)}

    for key in ("a", "b"):
        with Tape(path, budget, concurrency=4, prices=prices) as tape:
            if key == "a":
                model.ask(tape, key)
            with pytest.raises(BudgetSpentError, match="'tiny' does not report the tokens"):
                model.ask(tape, "c")
    with Tape(path, Budget(calls=2), concurrency=4, prices=prices) as tape:
        model.ask(tape, "c")
        (phase,) = tape.phases()

    assert model.asked == ["a", "c"]
    assert (phase.calls, phase.usage.total_tokens, phase.usd) == (2, None, None)


def test_threads_share_the_budget_and_the_places():
    """Many threads at once send no call too many, and never more at once than allowed."""
    budget, places = 25, 4
    tape, mutex, both = Tape(None, Budget(calls=budget), concurrency=places), threading.Lock(), threading.Barrier(2)
    now, most, sent, refused = [0], [0], [], []

    def send():
        with mutex:
            now[0] += 1
            most[0] = max(most[0], now[0])
            sent.append(1)
        with mutex:
            now[0] -= 1
        return Sent(make_call(), None)

    def work(names):
        both.wait()
        for name in names:
            try:
                tape.ask(name, LIGHT, "scoring", "tiny", send)
            except BudgetSpentError:
                refused.append(name)

    threads = [threading.Thread(target=work, args=([f"{half}-{i}" for i in range(20)],)) for half in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(sent), len(refused)) == (25, 15)
    assert most[0] <= places


def test_the_same_request_from_two_threads_is_sent_once():
    """The second waits for the first one's answer instead of paying for its own."""
    tape, started, go = Tape(None, Budget(), concurrency=4), threading.Event(), threading.Event()
    sent, found = [], []

    def send():
        sent.append(1)
        started.set()
        go.wait(10)
        return Sent(make_call("once"), None)

    def work():
        found.append(tape.ask("a", LIGHT, "scoring", "tiny", send)[0].output)

    first = threading.Thread(target=work)
    first.start()
    started.wait(10)
    second = threading.Thread(target=work)
    second.start()
    go.set()
    first.join()
    second.join()

    assert sent == [1]
    assert found == ["once", "once"]


def test_no_request_is_begun_that_would_end_after_the_time():
    """The longest request so far is taken for the length of the next; earlier sessions' time counts."""
    now = [0.0]
    tape = Tape(None, Budget(minutes=1), concurrency=1, clock=lambda: now[0])
    model = Model(seconds=25.0)
    for key in ("a", "b"):
        model.ask(tape, key)
        now[0] += 20

    with pytest.raises(BudgetSpentError, match="1 minutes"):
        model.ask(tape, "c")


def test_phases_say_where_it_went():
    """Calls and tokens by phase, in the order in which phases began; without a price there are no dollars."""
    model, tape = Model(usage=Usage(prompt_tokens=5, completion_tokens=2)), Tape(None, Budget(), concurrency=1)
    model.ask(tape, "a", phase="bootstrapping")
    model.ask(tape, "b", phase="scoring")
    model.ask(tape, "c", phase="bootstrapping")

    first, second = tape.phases()

    assert (first.name, first.calls, first.usage.total_tokens, first.usd) == ("bootstrapping", 2, 14, None)
    assert (second.name, second.calls) == ("scoring", 1)


def test_phases_say_which_model_was_asked():
    """A teacher costs something else than the model it teaches, so that their tokens are kept apart."""
    model, tape = Model(usage=Usage(prompt_tokens=5, completion_tokens=2)), Tape(None, Budget(), concurrency=1)
    for key, name in (("a", "tiny"), ("b", "big"), ("c", "tiny")):
        tape.ask(key, LIGHT, "bootstrapping", name, model.answers(key))

    (phase,) = tape.phases()

    assert {"tiny": 14, "big": 7} == {name: usage.total_tokens for name, usage in phase.by_model.items()}


def test_cached_tokens_are_paid_by_their_own_price():
    """A budget in dollars counts what a provider's bill would say."""
    model = Model(usage=Usage(prompt_tokens=1_000_000, completion_tokens=0, cached_tokens=500_000))
    tape = Tape(None, Budget(), concurrency=1, prices={"tiny": TokenPrice(prompt=1.0, completion=1.0, cached=0.5)})
    model.ask(tape, "a")

    assert 0.75 == tape.phases()[0].usd


def test_a_closed_tape_sends_nothing_more():
    """Threads that an interrupted search left behind find it closed."""
    model, tape = Model(), Tape(None, Budget(), concurrency=1)
    tape.close()

    with pytest.raises(BudgetSpentError, match="has ended"):
        model.ask(tape, "a")
