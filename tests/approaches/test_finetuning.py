"""`bootstrap_finetune`: which answers become training data, who trains, and what the program is asked of then."""

import json

import pytest

from dspysota.approaches.preparing import Effort
from dspysota.cli import main
from dspysota.errors import ConfigError, LimitReachedError, ProgramError
from dspysota.profiles import Optimize
from dspysota.records import Budget
from dspysota.testing import FakeServer, Fault
from tests.approaches.optimizing import Killed, model, prepare
from tests.approaches.pupil import Pupil


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Session:
    """A session whose minutes are nearly over."""

    def __init__(self, left, *, late=False):
        self.left = left
        self.is_late = late

    def admit(self, usd):
        return None

    def settle(self, aside, usd, seconds):
        pass

    def stop(self, why):
        pass

    def late(self, seconds):
        return "Stopped by --sota-max-minutes." if self.is_late else None

    def seconds_left(self):
        return self.left


def finetune(server, pupil, *, budget=None, guard=None, name="bootstrap_finetune", settings=None, **fields):
    """Prepare the program with somebody who trains."""
    optimize = Optimize(settings={"bootstrap_finetune": settings or {}}, budget=budget or Budget())
    return prepare(server, name, effort=Effort(optimize=optimize, trainer=pupil, guard=guard), **fields)


def test_the_weights_are_trained_on_the_right_answers():
    """As the program asked and as its adapter reads them; what was wrong teaches nothing."""
    pupil = Pupil()
    with FakeServer(model) as server:
        finetune(server, pupil, settings={"epochs": 2, "rank": 4})
        sent = [[dict(message) for message in request.messages] for request in server.requests]
    (lesson,) = pupil.lessons

    assert (lesson.epochs, lesson.rank, lesson.batch, lesson.learning_rate, lesson.seed) == (2, 4, 8, 2e-4, 0)
    assert len(lesson.conversations) == 2  # of 0 to 5, the model counts to 0 and 3
    for one in lesson.conversations:
        assert one["prompt"] in sent
        assert [{"role": "assistant", "content": model(one["prompt"])}] == one["completion"]


def test_a_base_model_learns_to_continue_a_text():
    """It knows no turns: what is sent to it and what it learns are texts."""
    pupil = Pupil()
    with FakeServer(lambda chat: " One to 0.\n#### 0", name="base") as server:
        finetune(server, pupil, adapter_name="completion", train=1)
        (request,) = server.requests
    (one,) = pupil.lessons[0].conversations

    assert one["prompt"] == request.body["prompt"]
    assert one["completion"].startswith(" ")
    assert one["completion"].endswith("#### 0")


def test_the_program_is_asked_of_the_trained_weights():
    """They are another model: their digest is recorded, and makes the program another one."""
    with FakeServer(model) as server:
        prepared = finetune(server, Pupil())

    assert prepared.info.program_digest == prepared.info.unprepared_digest
    assert prepared.info.identity != prepared.info.program_digest
    assert (prepared.weights.kind, prepared.weights.digest) == ("trained", prepared.info.training.digest)
    assert any("loss 1.500 in the first epoch and 0.500 in the last" in note for note in prepared.info.notes)


def test_a_trained_program_is_loaded_with_its_weights():
    """Nothing is asked and nothing trained the second time."""
    pupil = Pupil()
    with FakeServer(model) as server:
        first = finetune(server, pupil)
        calls = len(server.requests)
        again = finetune(server, pupil)

        assert len(server.requests) == calls
    assert len(pupil.lessons) == 1
    assert again.info == first.info.model_copy(update={"reused": True})
    assert again.weights == first.weights


@pytest.mark.parametrize("damage", ["deleted", "cut"])
def test_without_its_whole_weights_a_program_is_trained_anew(home, damage):
    """Somebody freed the disk, or copied a part: the rest of the program is of no use."""
    pupil = Pupil()
    with FakeServer(model) as server:
        finetune(server, pupil)
        (file,) = (home / "programs").glob("*/weights-*/model.safetensors")
        _ = file.unlink() if damage == "deleted" else file.write_text("")
        again = finetune(server, pupil)

    assert len(pupil.lessons) == 2
    assert not again.info.reused
    assert again.weights is not None


def test_what_no_weights_are_here_for_is_refused_before_anything_is_paid():
    """One sentence says so, and how to have the data at least."""
    with FakeServer(model) as server:
        with pytest.raises(ProgramError, match=r"weights cannot be trained: .*file: train\.jsonl"):
            finetune(server, None)

        assert not server.requests


def test_a_missing_package_is_told_before_anything_is_paid():
    """The trainer is asked first."""
    with FakeServer(model) as server:
        with pytest.raises(ProgramError, match="needs trl"):
            finetune(server, Pupil(missing="Training needs trl."))

        assert not server.requests


def test_a_training_that_was_killed_pays_no_question_twice():
    """The answers are on the tape; the training starts anew."""
    with FakeServer(model) as server:
        with pytest.raises(Killed):
            finetune(server, Pupil(dies=True))
        calls = len(server.requests)
        pupil = Pupil()
        prepared = finetune(server, pupil)

        assert len(server.requests) == calls
    assert (prepared.info.calls, prepared.info.sessions) == (calls, 2)
    assert len(pupil.lessons) == 1


def test_a_spent_budget_of_calls_trains_on_what_was_answered():
    """Its bound is named, and never passed."""
    pupil = Pupil()
    with FakeServer(model) as server:
        prepared = finetune(server, pupil, budget=Budget(calls=4))

        assert len(server.requests) == 4
    assert prepared.info.stopped == "4 calls"
    assert 1 <= prepared.info.training.examples <= 2


def test_training_ends_inside_the_budget_of_minutes():
    """What is left of them after the questions is all that it gets, and the record says that it was cut short."""
    pupil = Pupil(ends=60.0)
    with FakeServer(model) as server:
        prepared = finetune(server, pupil, budget=Budget(minutes=1))

    assert 0 < pupil.seconds[0] < 60
    assert prepared.info.stopped == "1 minutes"
    assert prepared.info.training.ended_early


def test_a_session_that_ends_during_training_leaves_no_half_trained_program(home):
    """The same command trains again; the answers are kept, and nothing else."""
    with FakeServer(model) as server:
        with pytest.raises(LimitReachedError, match="starts anew"):
            finetune(server, Pupil(ends=5.0), guard=Session(5.0))
        assert not list((home / "programs").glob("*"))
        calls = len(server.requests)
        prepared = finetune(server, Pupil())

        assert len(server.requests) == calls
    assert not prepared.info.reused


def test_a_session_that_ends_while_it_is_trained_anew_spares_the_program_that_is_there(home):
    """What was good before is good after."""
    pupil = Pupil(varies=True)
    with FakeServer(model) as server:
        first = finetune(server, pupil)
        pupil.ends = 5.0
        with pytest.raises(LimitReachedError, match="starts anew"):
            finetune(server, pupil, use_cache=False, guard=Session(5.0))
        again = finetune(server, Pupil())

    assert again.info == first.info.model_copy(update={"reused": True})
    assert [first.weights.path] == list((home / "programs").glob("*/weights-*"))


def test_a_session_whose_minutes_are_over_trains_nothing():
    """Loading a model for no time at all would be time itself."""
    pupil = Pupil()
    with FakeServer(model) as server, pytest.raises(LimitReachedError, match="starts anew"):
        finetune(server, pupil, guard=Session(0.0, late=True))

    assert not pupil.lessons


def test_nothing_is_trained_on_data_with_gaps():
    """Questions whose requests failed are asked again the next time, and only they."""

    def dies(number, question):
        return Fault("error", 400) if number >= 4 else None

    pupil = Pupil()
    with FakeServer(model, faults=dies) as server, pytest.raises(ProgramError, match=r"2 requests .* failed"):
        finetune(server, pupil)
    assert not pupil.lessons
    with FakeServer(model) as server:
        finetune(server, pupil)

        assert len(server.requests) == 2
    assert len(pupil.lessons) == 1


def test_it_has_no_part_that_could_be_taken_by_itself():
    """Its instructions are the task's own; nothing is trained to find that out."""
    with FakeServer(model) as server:
        with pytest.raises(ConfigError, match=r"changes no instructions; take zero_shot"):
            finetune(server, Pupil(), name="bootstrap_finetune:instructions")

        assert not server.requests


def test_weights_that_vanish_are_never_replaced_by_the_base(home, monkeypatch):
    """Somebody deletes them between training and asking: the run is none, rather than one of other weights."""
    with FakeServer(model) as server:
        monkeypatch.setattr("dspysota.compiling.learning.stored_at", lambda folder: None)
        with pytest.raises(ProgramError, match="were deleted while they were needed; run again"):
            finetune(server, Pupil())


def test_a_new_training_takes_the_place_of_the_old_one_when_it_is_whole(home):
    """Old weights stay until the record names the new ones, and go then."""
    pupil = Pupil(varies=True)
    with FakeServer(model) as server:
        first = finetune(server, pupil)
        again = finetune(server, pupil, use_cache=False)

    assert first.info.training.digest != again.info.training.digest
    assert [again.weights.path] == list((home / "programs").glob("*/weights-*"))


def test_a_trained_program_is_no_file_to_be_taken_along(home, tmp_path, capsys):
    """Weights do not fit into JSON: export says so, and `rm` deletes them with the program."""
    with FakeServer(model) as server:
        finetune(server, Pupil())
    (folder,) = (home / "programs").iterdir()
    (weights,) = folder.glob("weights-*")

    assert main(["programs", "show", folder.name]) == 0
    assert f"trained  {weights.name.removeprefix('weights-')}" in capsys.readouterr().out
    assert main(["programs", "export", folder.name, str(tmp_path / "p.json")]) == 2
    assert "weights that were trained for it" in capsys.readouterr().err
    assert not (tmp_path / "p.json").exists()
    assert main(["programs", "rm", folder.name]) == 0
    assert not folder.exists()


def test_an_import_cannot_claim_trained_weights(home, tmp_path, capsys):
    """A file by hand with such a record is refused: nothing of it could be asked."""
    with FakeServer(model) as server:
        prepare(server, "bootstrap")
        (folder,) = (home / "programs").iterdir()
        assert main(["programs", "export", folder.name, str(tmp_path / "p.json")]) == 0
        finetune(server, Pupil())
    values = json.loads((tmp_path / "p.json").read_text())
    trained = next(path for path in (home / "programs").iterdir() if path != folder)
    training = json.loads((trained / "meta.json").read_text())["info"]["training"]
    from dspysota.compiling import saved

    values["info"]["training"] = training
    values.pop("digest")
    (tmp_path / "p.json").write_text(json.dumps({**values, "digest": saved.digest_of(saved.canonical(values))}))
    capsys.readouterr()

    assert main(["programs", "import", str(tmp_path / "p.json")]) == 2
    assert "weights that were trained for it" in capsys.readouterr().err
