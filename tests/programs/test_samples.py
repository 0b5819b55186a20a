"""Several samples of any program: what is asked, which answer is taken, and what becomes of lost samples."""

import dspy
import pytest

from dspysota import programs, tasks
from dspysota.approaches import bootstrap, few_shot
from dspysota.compiling import saved
from dspysota.compiling.job import make_job
from dspysota.compiling.tape import Tape
from dspysota.errors import ConfigError
from dspysota.loop import evaluate
from dspysota.records import Budget, Example, Failure
from dspysota.testing import FakeServer, Fault
from tests.programs.test_solver import PAINTER, SUM, solve


def saying(*texts):
    """Answers of a server, one after the other."""
    rest = iter(texts)
    return lambda chat: next(rest)


def settings(server):
    """Seed and temperature of every request."""
    return [(request.body["seed"], request.body["temperature"]) for request in server.requests]


def case_of(server, program, task="gsm8k", example=SUM, max_tokens=200, retries=0):
    """The case that the loop makes of one example."""
    lm = programs.make_lm(server.base_url, server.name, None, max_tokens=max_tokens, retries=retries)
    rules = tasks.get(task)
    found = evaluate(
        programs.make_solver(programs.create(task, program), lm, "plain"),
        [example],
        task_score=rules.score,
        primary=rules.primary,
        complete=rules.complete,
        concurrency=1,
    )
    return found.cases[0]


def test_samples_differ_on_the_wire_and_repeat():
    """Each sample is sent warm, with a seed of its own that is the same in every run."""

    def sent():
        with FakeServer("#### 4") as server:
            solve(server, SUM, program="cot+vote5", seed=3)
            return settings(server)

    first = sent()

    assert first == sent()
    assert len(first) == len(set(first)) == 5
    assert {0.7} == {temperature for _, temperature in first}


@pytest.mark.parametrize("change", [{"seed": 4}, {"rollout_id": 1}], ids=str)
def test_another_seed_or_rollout_draws_other_samples(change):
    """Neither a run with another seed nor a rollout that an optimizer asks in repeats the samples."""

    def seeds(**change):
        with FakeServer("#### 4") as server:
            lm = programs.make_lm(server.base_url, server.name, None, max_tokens=9, seed=3).copy(**change)
            programs.make_solver(programs.create("gsm8k", "cot+vote3"), lm, "plain")(SUM)
            return {seed for seed, _ in settings(server)}

    assert not seeds() & seeds(**change)


def test_the_majority_of_equal_numbers_is_the_answer():
    """Numbers count as values, however they are written; the answer is the first sample's that says it."""
    with FakeServer(saying("#### 5", "#### $4.00", "#### 4", "#### 5 dollars", "#### 4 apples")) as server:
        answer = solve(server, SUM, program="cot+vote5")

    assert answer.prediction == "$4.00"
    assert answer.details["votes"] == {"4": 3, "5": 2}
    assert (answer.details["agreement"], answer.details["sample"]) == (0.6, 2)
    assert len(answer.calls) == 5
    assert answer.taken == 1


def test_a_tie_goes_to_the_answer_that_came_first():
    """Of equally many votes nothing but the order decides."""
    with FakeServer(saying("#### 7", "#### 4", "#### 4", "#### 7")) as server:
        answer = solve(server, SUM, program="direct+vote4")

    assert answer.prediction == "7"
    assert answer.details["agreement"] == 0.5


def test_hotpotqa_votes_by_the_official_normal_form():
    """Case, articles and punctuation make no other answer; the sources are those of the sample taken."""
    with FakeServer(saying("Answer: Brissel", "Answer: The Tarnholt.", "Answer: tarnholt")) as server:
        answer = solve(server, PAINTER, "hotpotqa", "read+vote3")

    assert answer.prediction == "The Tarnholt."
    assert answer.details["votes"] == {"tarnholt": 2, "brissel": 1}
    assert ["Selka Orvand", 1] in answer.details["supporting_facts"]


def test_a_program_of_several_calls_is_sampled_whole():
    """Each sample makes its own query; the deciding call is the last one of the sample taken."""
    texts = ("Query: kites", "Answer: x", "Query: Selka Orvand", "Answer: Tarnholt", "Query: kites", "Answer: Tarnholt")
    with FakeServer(saying(*texts)) as server:
        answer = solve(server, PAINTER, "hotpotqa", "two_hop+vote3")

    assert answer.prediction == "Tarnholt"
    assert answer.details["query"] == "Selka Orvand"
    assert (len(answer.calls), answer.taken) == (6, 3)


def test_unreadable_samples_do_not_vote():
    """An output without an answer, whatever the reason, is one lost vote; the remark on it is not the case's."""
    with FakeServer(saying("no idea", "#### 4", "hm\n5")) as server:
        answer = solve(server, SUM, program="cot+vote3")

    assert answer.prediction == "4"
    assert answer.details == {"votes": {"4": 1, "5": 1}, "agreement": pytest.approx(1 / 3), "sample": 2}


def test_the_remark_on_the_sample_taken_is_the_cases():
    """A marker that the answer taken lacks is told, as for a single call."""
    with FakeServer(saying("#### 5", "It is\n4", "#### 4")) as server:
        answer = solve(server, SUM, program="cot+vote3")

    assert (answer.details["sample"], answer.details["marker"]) == (2, "missing")


def test_a_second_call_that_mends_a_sample_is_no_sample():
    """Under DSPy's own adapter a sample may take two calls; each sample has one vote, and shares its seed's draw."""
    form = "[[ ## reasoning ## ]]\nHm.\n[[ ## answer ## ]]\n"
    texts = ("5", '{"reasoning": "Hm.", "answer": "5"}', f"{form}4", "no", "no", f"{form}4.0")
    with FakeServer(saying(*texts)) as server:
        answer = solve(server, SUM, program="cot+vote4", adapter="chat")
        seeds = [seed for seed, _ in settings(server)]

    assert answer.details["votes"] == {"4": 2, "5": 1}
    assert (len(answer.calls), answer.taken) == (6, 2)
    assert len(set(seeds)) == 4


def test_no_answer_at_all_is_no_answer():
    """Where no sample has an answer, there is none, and no error either."""
    with FakeServer("no idea") as server:
        answer = solve(server, SUM, program="cot+vote3")

    assert answer.prediction is answer.failure is answer.error is None
    assert answer.details == {"votes": {}, "agreement": 0.0}
    assert len(answer.calls) == 3


@pytest.mark.parametrize(
    "cut, prediction",
    [
        pytest.param({0, 1}, "4", id="the whole one decides"),
        pytest.param({0, 1, 2}, "5", id="none is whole"),
    ],
)
def test_samples_that_were_cut_off_vote_only_among_themselves(cut, prediction):
    """A sample beyond the token limit is a lost vote, unless no other has an answer."""
    texts = ("#### 5 more words here", "#### 5 more words here", "#### 4 more words here")
    with FakeServer(saying(*texts), faults=dict.fromkeys(cut, Fault("truncate"))) as server:
        answer = solve(server, SUM, program="cot+vote3")

    assert answer.prediction.split()[0] == prediction


@pytest.mark.parametrize("program", ["cot+vote3", "cot+best3"])
@pytest.mark.parametrize(
    "kind, failure",
    [
        ("error", Failure.SERVER_ERROR),
        ("garbage", Failure.SERVER_ERROR),
        ("close", Failure.SERVER_ERROR),
        ("overflow", Failure.CONTEXT_OVERFLOW),
    ],
)
def test_one_failed_request_makes_the_case_an_error(program, kind, failure):
    """An error is never outvoted: the case has its class, and the calls made until then."""
    with FakeServer("no idea", faults={1: Fault(kind)}) as server:
        case = case_of(server, program)

    assert (case.failure, case.prediction) == (failure, None)
    assert case.error
    assert [call.error is None for call in case.calls] == [True, False]


def test_a_request_that_succeeds_on_retry_is_a_sample_like_any_other():
    """Only what fails for good is an error."""
    with FakeServer("#### 4", faults={1: Fault("busy", retry_after=0)}) as server:
        case = case_of(server, "cot+vote3", retries=1)

    assert case.failure is None
    assert [call.attempts for call in case.calls] == [1, 2, 1]


@pytest.mark.parametrize(
    "texts, cut, program, failure",
    [
        pytest.param(("#### 5", "#### 5", "and then so"), {2}, "cot+vote3", Failure.WRONG, id="cut last, wrong"),
        pytest.param(("#### 4", "#### 4", "and then so"), {2}, "cot+vote3", None, id="cut last, right"),
        pytest.param(("#### 5 x",) * 3, {0, 1, 2}, "cot+vote3", Failure.TRUNCATED, id="all cut, wrong"),
        pytest.param(("and so on", "hm", "hm"), {0}, "cot+vote3", Failure.TRUNCATED, id="no answer, one cut"),
        pytest.param(("hm", "hm", "hm"), set(), "cot+vote3", Failure.UNPARSABLE, id="no answer, none cut"),
        pytest.param(("#### 5 x", "and so on"), {0, 1}, "cot+best2", Failure.TRUNCATED, id="best of cut ones"),
        pytest.param(("and so on", "#### 5"), {0}, "cot+best2", Failure.WRONG, id="best is whole"),
        pytest.param(("#### 5 x", "hm"), {0}, "cot", Failure.TRUNCATED, id="a single call as ever"),
    ],
)
def test_a_case_is_classed_by_the_sample_taken(texts, cut, program, failure):
    """What became of other samples is no reason why the answer taken is not right."""
    with FakeServer(saying(*texts), faults=dict.fromkeys(cut, Fault("truncate"))) as server:
        case = case_of(server, program)

    assert case.failure is failure


def test_metrics_of_the_raw_text_read_the_sample_taken():
    """The harness's patterns are applied to the output whose answer was taken, and not to the last one."""
    with FakeServer(saying("#### 4", "#### 4", "#### 5")) as server:
        case = case_of(server, "cot+vote3")

    assert case.scores == {"exact_match": 1.0, "strict_match": 1.0, "flexible_match": 1.0}


def test_best_stops_at_the_first_good_sample():
    """A readable answer of a whole output needs no further sample, right or wrong: no gold answer is looked at."""
    with FakeServer(saying("no idea", "#### 5", "#### 4")) as server:
        answer = solve(server, SUM, program="cot+best3")
        sent = settings(server)

    assert answer.prediction == "5"
    assert answer.details == {"samples": 2, "sample": 2}
    assert len(sent) == len(set(sent)) == 2


def test_best_takes_a_cut_answer_where_there_is_no_whole_one():
    """After k samples the first of the highest reward is taken: an answer that was cut off before none."""
    texts = ("no idea", "#### 5 and some more", "#### 4 and some more")
    with FakeServer(saying(*texts), faults={1: Fault("truncate"), 2: Fault("truncate")}) as server:
        answer = solve(server, SUM, program="cot+best3")

    assert answer.details["sample"] == 2
    assert answer.details["samples"] == len(answer.calls) == 3


def test_what_details_show_is_bounded():
    """Long answers of a hostile model are shown shortened, and still counted apart."""
    long = "Answer: " + "x" * 5000
    with FakeServer(saying(long, long + "y", "Answer: z", "Answer: z")) as server:
        answer = solve(server, PAINTER, "hotpotqa", "read+vote4")

    assert answer.prediction == "z"
    assert answer.details["votes"] == {"z": 2, "x" * 80: 2}


@pytest.mark.parametrize("task, program", [(t, p) for t in ("gsm8k", "hotpotqa") for p in programs.names(t)])
@pytest.mark.parametrize("form", ["vote2", "best64"])
def test_every_program_can_be_sampled_and_takes_the_state_of_its_base(task, program, form):
    """Predictors keep their names, so that demonstrations and saved states fit, and the base's own are used."""
    base, sampled = programs.create(task, program), programs.create(task, f"{program}+{form}")
    for _, predictor in base.named_predictors():
        predictor.demos = [dspy.Example(question="q", answer="a")]

    saved.restore(sampled, saved.state_of(base))

    assert saved.state_of(sampled) == saved.state_of(base)
    assert [name for name, _ in sampled.named_predictors()] == [name for name, _ in base.named_predictors()]


def job(server, program):
    rows = tuple(Example(id=str(i), inputs={"question": f"Say {i}."}, gold="4") for i in range(4))
    return make_job(
        tape=Tape(None, Budget(), concurrency=1),
        task="gsm8k",
        program=program,
        adapter_name="plain",
        train=rows,
        score=lambda example, prediction, output: float(prediction == example.gold),
        lm=programs.make_lm(server.base_url, server.name, None, max_tokens=50),
    )


def test_hand_written_demonstrations_fit():
    """The approach few_shot finds the steps of a sampled program by their names."""
    with FakeServer("#### 4") as server:
        (sampled,), (base,) = (
            few_shot.apply(job(server, program)).module.predictors() for program in ("cot+vote3", "cot")
        )

    assert sampled.demos == base.demos != []


def test_the_trace_is_that_of_the_sample_taken():
    """A demonstration that DSPy takes from a run of the sampled program gives the answer of the vote."""
    with FakeServer(saying(*("One.\n#### 5", "Two.\n#### 4", "Three.\n#### 4") * 4)) as server:
        module = bootstrap.apply(job(server, "cot+vote3")).module
    (predictor,) = module.predictors()

    assert [(demo.reasoning, demo.answer) for demo in predictor.demos] == [("Two.", "4")] * 4


@pytest.mark.parametrize(
    "program",
    ["cot+vote1", "cot+best65", "cot+vote", "cot+vote05", "cot+vote٥", "cot+vot5", "cot+vote5+best3", "+vote5", "cot+"],
)
def test_a_bad_form_is_answered_with_the_valid_ones(program):
    """The error names the value, the forms and their bounds, and an example."""
    with pytest.raises(ConfigError) as caught:
        programs.create("gsm8k", program)

    for part in (repr(program), "+voteK or +bestK", "from 2 to 64", "+vote5'"):
        assert part in str(caught.value)


def test_an_unknown_base_is_answered_with_the_bases_and_the_forms():
    """The list of programs says that each may be sampled."""
    with pytest.raises(ConfigError, match=r"'cott'; it has cot, direct, pot, each also with \+voteK or \+bestK"):
        programs.create("gsm8k", "cott+vote5")
