"""Cells of several seeds in a profile."""

import pytest

from dspysota import ConfigError, experiment, profiles

CELLS = """
name: p
cells:
  - {task: gsm8k, model: smollm2-135m, approach: bootstrap, seeds: [0, 1, 2]}
  - {task: gsm8k, model: smollm2-135m, approach: few_shot}
"""


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return profiles.load(str(path), root=tmp_path, known=experiment.known())

    return load


def test_seeds_are_multiplied_out_and_the_profiles_own_needs_no_name(load):
    """The cell of the profile's seed is the one that it would be without the list, so that its runs stay its runs."""
    first, *others, _ = load(CELLS).cells

    assert (
        load(CELLS.replace("[0, 1, 2]", "0")).cells[0]
        == first
        == load(CELLS.replace(", seeds: [0, 1, 2]", "")).cells[0]
    )
    assert ("smollm2-135m-bootstrap", None) == (first.id, first.seed)
    assert [("smollm2-135m-bootstrap-seed1", 1), ("smollm2-135m-bootstrap-seed2", 2)] == [
        (cell.id, cell.seed) for cell in others
    ]


def test_cells_that_differ_by_seed_alone_belong_together(load):
    """Bars decide nothing that is measured; other approaches, and cells of a test's own, stand alone."""
    profile = load(
        CELLS
        + "  - {task: gsm8k, model: smollm2-135m, approach: bootstrap, seeds: 7, thresholds: {any: {errors: 0}}}\n"
    )
    first, second, third, few_shot, seventh = profile.cells

    assert (first, second, third, seventh) == profile.seeds(second)
    assert (few_shot,) == profile.seeds(few_shot)
    stranger = first.model_copy(update={"seed": 9})
    assert (stranger,) == profile.seeds(stranger)


def test_a_reference_of_several_seeds_is_one_reference(load):
    """A second reference is refused, another seed of the first is not; the first is the one that is named."""
    text = "name: p\ncells: [{task: gsm8k, model: phi-2, approach: APPROACHES, seeds: [3, 4], role: reference}]"

    profile = load(text.replace("APPROACHES", "bootstrap"))

    assert "phi-2-bootstrap-seed3" == profile.reference("gsm8k").id
    with pytest.raises(ConfigError, match="gsm8k has two references"):
        load(text.replace("APPROACHES", "[bootstrap, labeled]"))


@pytest.mark.parametrize(
    "cell, said",
    [
        ("approach: bootstrap, seeds: [0, 1, 1]", "1 stands twice"),
        ("approach: zero_shot, seeds: [0, 1]", "'zero_shot' learns from no rows and 'cot' draws no samples"),
        ("approach: [bootstrap, few_shot], seeds: [0, 1]", "'few_shot' learns from no rows"),
        ("approach: 'zero_shot:instructions', seeds: [0, 1]", "every seed gives the same run"),
        ("approach: few_shot, seeds: []", "at least 1 item"),
        ("approach: bootstrap, seeds: yes", "valid integer"),
        ("approach: bootstrap, seeds: [-1]", "greater than or equal to 0"),
        ("approach: bootstrap, seeds: 4294967296", "less than or equal to 2147483647"),
        (
            "approach: bootstrap, seeds: 2}, {task: gsm8k, model: phi-2, approach: bootstrap, seeds: [1, 2]",
            "repeats gsm8k",
        ),
    ],
)
def test_seeds_that_would_measure_nothing_new_are_refused(load, cell, said):
    """Equal runs would cost as often as there are seeds, and their spread of nothing would pass for evidence."""
    with pytest.raises(ConfigError, match=r"seeds|repeats") as caught:
        load(f"name: p\ncells: [{{task: gsm8k, model: phi-2, {cell}}}]")

    assert said in str(caught.value)


@pytest.mark.parametrize("cell", ["approach: labeled", "approach: zero_shot, program: cot+vote5"])
def test_seeds_of_what_asks_no_model_count_where_rows_or_samples_do(load, cell):
    """Labelled rows that are shown are others in another order, and samples are drawn anew."""
    profile = load(f"name: p\ncells: [{{task: gsm8k, model: phi-2, {cell}, seeds: [0, 1]}}]")

    assert [None, 1] == [one.seed for one in profile.cells]
