"""What makes two commands the same, and two runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from dspysota import ConfigError, RunError, tasks
from dspysota.experiment import Settings, Silence, Workbench, known, make_cell
from dspysota.experiment.plan import plan
from dspysota.profiles import ModelUse, Profile
from dspysota.records import Example, Prices, TokenPrice
from dspysota.tasks import DataSource, Splits, TaskData
from tests.plugin.projects import write_rows

MODEL = "smollm2-135m"


@pytest.fixture
def settings(tmp_path):
    return Settings(root=tmp_path, out=Path("reports"), base_url="http://127.0.0.1:9/v1")


@pytest.fixture
def data(tmp_path):
    source = DataSource(directory=write_rows(tmp_path / "data"), announce=lambda line: None)
    return tasks.get("gsm8k").load(source, seed=0)


@pytest.fixture
def make(settings, data):
    plain = Profile(name="p")

    def make(profile=plain, settings=settings, **cell):
        chosen = make_cell(profile, **{"task": "gsm8k", "model": MODEL, "approach": "zero_shot", **cell})
        return plan(chosen, profile, settings, data, progress=False)

    return make


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 5},
        {"data": Path("elsewhere")},
        {"out": Path("elsewhere")},
        {"base_url": "http://127.0.0.1:8/v1"},
        {"recompile": True},
    ],
)
def test_what_is_measured_and_where_makes_another_command(settings, change):
    """Limit, data, endpoint, folder, and whether programs are new, are part of a command's identity."""
    profile = Profile(name="p")

    assert settings.command_key(profile, "c") != replace(settings, **change).command_key(profile, "c")


def test_profile_and_commit_make_another_command_and_words_do_not(settings):
    """Another grid or other code is another command; how it was typed, with -k or -n, is not."""
    key = settings.command_key(Profile(name="p"), "c")

    assert key != settings.command_key(Profile(name="p", seed=1), "c")
    assert key != settings.command_key(Profile(name="p"), "d")
    assert key == replace(settings, command="pytest -n 2 -k gsm8k").command_key(Profile(name="p"), "c")


@pytest.mark.parametrize(
    "cell",
    [
        {"approach": "few_shot"},
        {"adapter": "chat"},
        {"program": "direct"},
        {"program": "cot+vote5"},
        {"rows": 3},
        {"model": "phi-2"},
    ],
)
def test_every_part_of_a_cell_makes_another_run(make, cell):
    """Runs that could answer differently never share a key."""
    assert make().key != make(**cell).key


def test_kind_and_number_of_samples_make_another_run(make):
    """A vote is not a best of as many, and three samples are not five."""
    keys = {make(program=program).key for program in ("cot+vote3", "cot+vote5", "cot+best3")}

    assert 3 == len(keys)


def test_a_sampled_program_tells_its_temperature_and_number(make):
    """What is recorded of the sampling is what is sent: greedy for one answer, warm for several."""
    once, voted = make().sampling, make(program="direct+vote5").sampling

    assert (0.0, None) == (once["temperature"], once.get("samples"))
    assert {**once, "temperature": 0.7, "samples": 5} == voted


def test_a_made_up_cell_may_sample_and_says_so_in_its_id():
    """The expression stands in the id, the base being the default or not."""
    cells = [
        make_cell(Profile(name="p"), task="gsm8k", model=MODEL, approach="few_shot", program=program)
        for program in ("cot+vote5", "direct+best3")
    ]

    assert [f"{MODEL}-few_shot-cot+vote5", f"{MODEL}-few_shot-direct+best3"] == [cell.id for cell in cells]


def test_seed_and_concurrency_make_another_run(make):
    """The seed decides what is drawn, and the concurrency what latency means."""
    keys = {make().key, make(Profile(name="p", seed=1)).key, make(Profile(name="p", concurrency=3)).key}

    assert 3 == len(keys)


def test_another_price_is_no_other_run_and_no_other_command(make, settings):
    """Prices decide nothing that is measured: neither a run nor an unfinished folder is lost when one changes."""
    price = TokenPrice(prompt=1.0, completion=2.0)
    free, dear = (
        Profile(name="p"),
        Profile(name="p", cost="list", models={MODEL: ModelUse(price=price, usd_per_hour=3.0)}),
    )
    bare = Profile(name="p", models={MODEL: ModelUse()})

    assert make(free).key == make(dear).key
    assert settings.command_key(bare, "c") == settings.command_key(dear, "c")
    assert Prices(basis="list", tokens=price, usd_per_hour=3.0) == make(dear).prices()


def test_a_role_is_no_other_run(make):
    """What a run is there for changes nothing in it."""
    assert make().key == replace(make(), cell=make().cell.model_copy(update={"role": "reference"})).key


def test_the_same_plan_has_the_same_key_and_another_program_another_run(make):
    """A plan is repeatable; what an approach finds tells runs of one plan apart."""
    assert make().key == make().key
    assert make().run_key("a") != make().run_key("b")


def kites(count):
    def row(split, n):
        inputs = {"question": f"Where is kite {split}{n}?", "paragraphs": [[f"Kite {split}{n}", ["It flies."]]]}
        return Example(id=f"{split}{n}", inputs=inputs, gold="there", extra={"supporting_facts": [[f"Kite {n}", 0]]})

    splits = {split: tuple(row(split, n) for n in range(count)) for split in ("train", "validation", "test")}
    return TaskData(name="kites", source="directory", origin="here", splits=Splits(**splits))


def test_pooled_paragraphs_make_another_run(settings):
    """Where all test rows are searched, those that are not asked decide too; otherwise only those asked do."""
    profile = Profile(name="p")

    def key(program, count):
        cell = make_cell(profile, program=program, task="hotpotqa", model=MODEL, approach="zero_shot", rows=2)
        return plan(cell, profile, settings, kites(count), progress=False).key

    assert key("read", 4) == key("read", 3)
    assert key("read@pool", 4) != key("read@pool", 3)
    assert key("read@pool", 3) != key("read", 3)


def test_another_embedding_model_makes_another_run(settings, monkeypatch):
    """What the environment says of embeddings is part of a run that needs them; no key of its is."""
    profile = Profile(name="p")
    monkeypatch.setenv("DSPYSOTA_EMBEDDINGS_URL", "http://127.0.0.1:9/v1")

    def key(program, model, secret="s3cret"):
        monkeypatch.setenv("DSPYSOTA_EMBEDDINGS_MODEL", model)
        monkeypatch.setenv("DSPYSOTA_EMBEDDINGS_KEY", secret)
        cell = make_cell(profile, program=program, task="hotpotqa", model=MODEL, approach="zero_shot")
        made = plan(cell, profile, settings, kites(3), progress=False)
        assert secret not in repr(made)
        return made.key

    assert key("read@dense", "a") != key("read@dense", "b")
    assert key("read@dense", "a") == key("read@dense", "a", "0ther")
    assert key("read", "a") == key("read", "b")


@pytest.mark.parametrize("rows,limit,asked", [(None, None, 10), (4, None, 4), (None, 3, 3), (4, 3, 3), (3, 4, 4)])
def test_the_limit_goes_before_the_profiles_rows(make, settings, rows, limit, asked):
    """--sota-limit says how many questions are asked, whatever the profile says."""
    assert asked == len(make(rows=rows, settings=replace(settings, limit=limit)).rows)


def test_every_task_has_a_default_program_and_every_approach_a_name():
    """What profiles are checked against names the default program first."""
    names = known()

    assert ("cot", "read") == (names.programs["gsm8k"][0], names.programs["hotpotqa"][0])
    assert {"zero_shot", "few_shot", "bootstrap"} <= set(names.approaches)
    assert "plain" == names.adapters[0]


@pytest.mark.parametrize(
    "names,part",
    [
        ({"task": "gsm9k"}, "gsm8k, hotpotqa"),
        ({"program": "read"}, "cot, direct"),
        ({"program": "read+vote5"}, r"cot, direct, pot, each also with \+voteK or \+bestK"),
        ({"program": "cot+vote99"}, "'cot\\+vote99'.*from 2 to 64"),
        ({"approach": "magic"}, "bootstrap"),
        ({"adapter": "yaml"}, "plain, chat"),
        ({"rows": 0}, "at least 1"),
    ],
)
def test_a_made_up_cell_with_a_bad_name_is_refused(names, part):
    """The message names the valid names."""
    with pytest.raises(ConfigError, match=part):
        make_cell(Profile(name="p"), **{"task": "gsm8k", "model": MODEL, "approach": "zero_shot", **names})


def test_training_rows_stand_in_for_test_rows(make, data):
    """A rehearsal asks training questions, says so in its record, and cannot share a run with the measurement."""
    measured = make(rows=3)
    rehearsed = measured.on_training_rows(3)

    assert data.splits.train[:3] == rehearsed.rows
    assert ("train", 3) == (rehearsed.info.split, rehearsed.info.rows)
    assert measured.key != rehearsed.key
    with pytest.raises(ConfigError, match="at least 1"):
        measured.on_training_rows(0)


def test_a_workbench_without_a_folder_does_not_measure(settings, tmp_path):
    """A run that could not be stored is not begun."""
    source = write_rows(tmp_path / "rows")
    bench = Workbench(Profile(name="p"), replace(settings, data=source), progress=Silence())

    with pytest.raises(RunError, match="no folder"):
        bench.run(bench.cell(task="gsm8k", model=MODEL, approach="zero_shot"))


def test_a_seed_of_the_cells_own_is_another_measurement_on_the_same_rows(data, settings):
    """Other keys, other training rows, other samples; the rows that are asked, and chosen by, are the profile's."""
    profile = Profile(name="p")
    cell = make_cell(profile, task="gsm8k", model=MODEL, approach="bootstrap")
    cells = [cell, *(cell.model_copy(update={"seed": seed}) for seed in (1, 2))]

    plans = plain, *others = [plan(one, profile, settings, data, progress=False) for one in cells]

    assert [0, 1, 2] == [one.seed for one in plans] == [one.sampling["seed"] for one in plans]
    assert 3 == len({one.key for one in plans})
    assert 3 == len({tuple(row.id for row in one.data.splits.train) for one in plans})
    assert data.splits == plain.data.splits
    for one in others:
        assert (plain.rows, plain.info) == (one.rows, one.info)
        assert plain.data.splits.validation == one.data.splits.validation
