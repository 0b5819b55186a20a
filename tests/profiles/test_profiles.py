from pathlib import Path

import pytest

from dspysota import Claim, ConfigError, Threshold, profiles, programs
from dspysota.profiles import Known

KNOWN = Known(
    programs={"gsm8k": ("cot", "direct"), "hotpotqa": ("read", "two_hop")},
    approaches=("zero_shot", "few_shot", "bootstrap"),
    adapters=("plain", "chat"),
    base=lambda program: programs.split(program)[0],
    forms=programs.FORMS,
    metrics={"gsm8k": ("exact_match", "strict_match"), "hotpotqa": ("f1", "em")},
    data={"gsm8k": ("gsm8k", "gsm_symbolic"), "hotpotqa": ("hotpotqa", "closed_world")},
)
ROOT = Path(__file__).resolve().parents[2]
CELL = "{task: gsm8k, model: smollm2-135m, approach: zero_shot}"


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return profiles.load(str(path), root=tmp_path, known=KNOWN)

    return load


@pytest.mark.parametrize("name", ["smoke", "embedded", "phi2-vs-llama70b"])
def test_every_profile_of_this_repository_is_valid(name):
    """What is committed can be loaded by its name, and is called what its file is called."""
    profile = profiles.load(name, root=ROOT, known=KNOWN)

    assert name == profile.name
    assert {"gsm8k", "hotpotqa"} == {cell.task for cell in profile.cells}


def test_lists_of_an_entry_are_multiplied_out(load):
    """An entry with several tasks and approaches stands for every combination, in the order written."""
    profile = load(
        "name: p\ncells:\n  - {task: [gsm8k, hotpotqa], model: smollm2-135m, approach: [zero_shot, bootstrap]}\n"
    )

    assert [
        ("gsm8k", "smollm2-135m-zero_shot"),
        ("gsm8k", "smollm2-135m-bootstrap"),
        ("hotpotqa", "smollm2-135m-zero_shot"),
        ("hotpotqa", "smollm2-135m-bootstrap"),
    ] == [(cell.task, cell.id) for cell in profile.cells]


def test_programs_are_multiplied_out_too(load):
    """Several programs of a task make as many cells; one of them may be drawn several times and voted."""
    profile = load(
        "name: p\ncells:\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, program: [cot, direct, cot+vote5]}\n"
    )

    assert ["cot", "direct", "cot+vote5"] == [cell.program for cell in profile.cells]


def test_an_id_names_only_what_differs_from_the_default(load):
    """The default program and the plain adapter stay out of the id; others are appended."""
    profile = load(
        "name: p\ncells:\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, program: cot}\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, program: direct, adapter: chat}\n"
    )

    assert ["smollm2-135m-zero_shot", "smollm2-135m-zero_shot-direct-chat"] == [cell.id for cell in profile.cells]


def test_rows_are_the_cells_own_or_the_tasks(load):
    """A cell that does not say how many rows takes its task's number; without one it takes all."""
    profile = load(
        "name: p\nrows: {gsm8k: 5}\ncells:\n"
        "  - {task: [gsm8k, hotpotqa], model: smollm2-135m, approach: zero_shot}\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: bootstrap, rows: 7}\n"
    )

    assert [5, None, 7] == [cell.rows for cell in profile.cells]


def test_a_data_sets_own_bars_come_on_top_of_those_of_any_data(load):
    """The threshold of a run depends on the rows really used, since a twin is easier or harder than the original."""
    cell = load(
        "name: p\nthresholds: {any: {errors: 1}, gsm8k: {accuracy: 0.5}}\ncells:\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, thresholds: {gsm8k: {accuracy: 0.4}}}\n"
    ).cells[0]

    assert Threshold(accuracy=0.4, errors=1) == cell.threshold("gsm8k")
    assert Threshold(errors=1) == cell.threshold("gsm_symbolic")


def test_a_bar_of_another_tasks_data_need_not_fit(load):
    """One file states the bars of several tasks, and each cell has only to fit its own; a bar may be taken back."""
    cells = load(
        "name: p\nthresholds: {any: {em: 0.1}, gsm8k: {em: null}, gsm_symbolic: {em: null}, hotpotqa: {f1: 0.3}}\n"
        "cells: [{task: [gsm8k, hotpotqa], model: phi-2, approach: zero_shot}]\n"
    ).cells

    assert [None, 0.1] == [cell.threshold(cell.task).em for cell in cells]


def test_the_reference_is_the_cell_in_that_role(load):
    """The reference of a task is named by its role, and a task without one has none."""
    profile = load(
        "name: p\ncells:\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot}\n"
        "  - {task: gsm8k, model: phi-2, approach: zero_shot, role: reference}\n"
    )

    assert "phi-2-zero_shot" == profile.reference("gsm8k").id
    assert profile.reference("hotpotqa") is None


def test_the_digest_does_not_see_layout(load):
    """The same content in another layout is the same profile; another number is another one."""
    first = load(f"name: p\ncells: [{CELL}]\n").digest
    same = load(f"# a comment\ncells:\n  - {CELL}\nname: p\nseed: 0\n").digest
    other = load(f"name: p\nseed: 1\ncells: [{CELL}]\n").digest

    assert first == same
    assert first != other


def test_a_claim_is_that_of_every_task_or_of_one(load):
    """Terms given once hold for all tasks; a task's own go before those of any other."""
    once = load("name: p\ncost: parameters\nclaim: {quality_ratio: 0.9, cost_ratio: 0.05, policy: same_program}\n")
    each = load("name: p\nclaim: {any: {quality_ratio: 0.9}, hotpotqa: {quality_ratio: 0.8, alpha: 0.1}}\n")

    assert Claim(quality=0.9, cost=0.05) == once.terms("gsm8k").claim() == once.terms("hotpotqa").claim()
    assert "same_program" == once.terms("gsm8k").policy
    assert "cost at most 0.05 of the reference's (same_program), error rate 5%" in once.terms("gsm8k").sentence()
    assert (0.9, 0.8) == (each.terms("gsm8k").quality_ratio, each.terms("hotpotqa").quality_ratio)
    assert Claim(quality=0.8, alpha=0.1) == each.terms("hotpotqa").claim()


def test_only_candidates_of_another_model_than_the_references_are_claimed_of(load):
    """A baseline is there to be beaten, and the reference's model is what is compared with."""
    profile = load(
        "name: p\nclaim: {quality_ratio: 0.9}\ncells:\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: bootstrap}\n"
        "  - {task: gsm8k, model: smollm2-135m, approach: zero_shot, role: baseline}\n"
        "  - {task: gsm8k, model: phi-2, approach: bootstrap}\n"
        "  - {task: gsm8k, model: phi-2, approach: zero_shot, role: reference}\n"
    )

    assert [True, False, False, False] == [profile.claimed(cell) is not None for cell in profile.cells]


@pytest.mark.parametrize(
    "text,parts",
    [
        ("claim: {quality_ratio: 90}", ["claim: Claim quality=90", "at most 2"]),
        ("claim: {}", ["claim: A claim must name a quality, a cost or both"]),
        ("claim: {quality: 0.9}", ["unknown key 'claim.quality'", "quality_ratio, cost_ratio, policy"]),
        ("claim: {quality_ratio: 0.9, policy: worst}", ["claim.policy", "'same_program'", "(it is 'worst')"]),
        ("claim: {gsm9k: {quality_ratio: 0.9}}", ["claim: unknown name 'gsm9k'", "any, gsm8k"]),
        ("inconclusive: ignore", ["inconclusive", "'fail' or 'warn'", "(it is 'ignore')"]),
        ("references: {gsm9k: reports/x}", ["references: unknown name 'gsm9k'"]),
    ],
)
def test_a_claim_that_cannot_be_meant_is_refused(load, text, parts):
    """Before anything is measured, with the place and what is valid."""
    with pytest.raises(ConfigError) as caught:
        load(f"name: p\n{text}\n")

    for part in parts:
        assert part in str(caught.value)


def test_a_cell_with_a_teacher_of_its_own_is_told_by_it(load):
    """So an approach may stand in a profile with and without; the teacher of the whole file is not said."""
    cell = "task: gsm8k, model: phi-2, approach: bootstrap"
    text = (
        "name: p\noptimize: {teacher: smollm2-360m}\ncells:\n"
        f"  - {{{cell}}}\n  - {{{cell}, optimize: {{teacher: smollm2-1.7b}}}}\n"
    )
    first, second = load(text).cells

    assert ("phi-2-bootstrap", "phi-2-bootstrap-taught-by-smollm2-1.7b") == (first.id, second.id)


def test_a_cell_may_sample_its_program(load):
    """An expression is a program like any other, and stands in the cell's id."""
    (cell,) = load(
        "name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, program: cot+vote5, adapter: chat}]\n"
    ).cells

    assert ("phi-2-zero_shot-cot+vote5-chat", "cot+vote5") == (cell.id, cell.program)


@pytest.mark.parametrize(
    "text,parts",
    [
        ("name: p\nmodel: {}\n", ["unknown key 'model'", "models", "cells"]),
        ("name: p\noptimize: {budget: {calls: 0}}\n", ["optimize.budget: A budget's calls cannot be 0; give a whole"]),
        ("name: p\noptimize: {budget: {hours: 1}}\n", ["optimize.budget: A budget has no 'hours'; bound it by calls"]),
        ("name: p\nmodels: {phi-2: {url: x}}\n", ["models.phi-2.url", "base_url"]),
        ("name: p\ncells: [{task: gsm8k}]\n", ["cells[0].model", "required"]),
        ("name: p\ncells: [{task: gsm9k, model: phi-2, approach: zero_shot}]\n", ["'gsm9k'", "gsm8k", "hotpotqa"]),
        ("name: p\ncells: [{task: gsm8k, model: phi-3, approach: zero_shot}]\n", ["cells[0].model", "'phi-2'"]),
        ("name: p\ncells: [{task: gsm8k, model: phi-2, approach: boot}]\n", ["'boot'", "bootstrap"]),
        (
            "name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, adapter: yaml}]\n",
            ["'yaml'", "plain, chat"],
        ),
        ("name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, program: read}]\n", ["'read'", "direct"]),
        (
            "name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, program: cto+vote5}]\n",
            ["cells[0].program", "'cto'", "cot, direct, each also with +voteK", "Did you mean 'cot'?"],
        ),
        (
            "name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, program: cot+vote}]\n",
            ["cells[0].program", "'cot+vote'", "'cot+vote5'"],
        ),
        ("name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, rows: 0}]\n", ["cells[0].rows", "0"]),
        (f"name: p\nthresholds: {{any: {{acuracy: 1}}}}\ncells: [{CELL}]\n", ["acuracy", "accuracy"]),
        (
            f"name: p\nthresholds: {{gms8k: {{accuracy: 0.9}}}}\ncells: [{CELL}]\n",
            ["thresholds: unknown name 'gms8k'", "any, gsm8k, gsm_symbolic, hotpotqa, closed_world", "mean 'gsm8k'?"],
        ),
        (
            "name: p\ncells: [{task: gsm8k, model: phi-2, approach: zero_shot, thresholds: {gsm_symbolik: {f1: 1}}}]\n",
            ["cells[0].thresholds", "valid are any, gsm8k, gsm_symbolic.", "mean 'gsm_symbolic'?"],
        ),
        (
            f"name: p\nthresholds: {{any: {{f1: 0.5}}}}\ncells: [{CELL}]\n",
            ["thresholds.any of gsm8k", "'f1' is no metric of gsm8k; valid are accuracy", "exact_match, strict_match."],
        ),
        (
            f"name: p\nthresholds: {{gsm_symbolic: {{scores: {{exact: 1}}}}}}\ncells: [{CELL}]\n",
            ["thresholds.gsm_symbolic of gsm8k", "'exact' is no metric"],
        ),
        (f"name: p\nrows: {{gms8k: 5}}\ncells: [{CELL}]\n", ["rows: unknown name 'gms8k'", "mean 'gsm8k'?"]),
        (f"name: p\ncells: [{CELL}, {CELL}]\n", ["cells[1]", "repeats"]),
        (
            "name: p\nmodels: {phi-2: {max_model_len: 4096}}\n",
            ["models.phi-2: max_model_len is 4096", "of 2048 tokens"],
        ),
        ("name: p\nseed: 1\n\nseed: 2\n", ["the key 'seed' stands twice, on lines 2 and 4; keep one"]),
        ("name: p\nrows: {gsm8k: 1, 'gsm8k': 2}\n", ["the key 'gsm8k' stands twice, on lines 2 and 2"]),
        (
            "name: p\ncells: [{task: gsm8k, model: [phi-2, smollm2-135m], approach: zero_shot, role: reference}]\n",
            ["cells[0].role: gsm8k has two references, 'phi-2-zero_shot' and 'smollm2-135m-zero_shot'"],
        ),
        ("name: p\nconcurrency: 0\n", ["concurrency"]),
        ("name: p\nconcurrency: 4097\n", ["concurrency", "less than or equal to 4096"]),
        ("name: [\n", ["cannot be read"]),
        ("- 1\n", ["mine.yaml"]),
        ("", ["name", "required"]),
        ("name: p\nmodels: {phi-2: {base_url: 'http://x/v1', base_url_env: X}}\n", ["models.phi-2", "base_url_env"]),
    ],
)
def test_what_is_wrong_is_said_with_file_place_and_cure(load, text, parts):
    """A fault in a profile is one sentence that names the file, the place, the bad value and the valid ones."""
    with pytest.raises(ConfigError) as caught:
        load(text)

    for part in ("mine.yaml", *parts):
        assert part in str(caught.value)


def test_what_is_merged_in_may_be_overridden(load):
    """YAML's `<<` brings keys in; one that stands beside it is no second one."""
    profile = load(
        "name: p\nmodels:\n  phi-2: &own {eager: false, kv_cache_gib: 4}\n"
        "  smollm2-135m: &more {<<: *own, kv_cache_gib: 1}\n  smollm2-360m: {<<: *more, eager: true}\n"
    )

    assert [(False, 4), (False, 1), (True, 1)] == [(use.eager, use.kv_cache_gib) for use in profile.models.values()]


def test_an_unknown_profile_names_the_known_ones():
    """A name that is no profile of the project is answered with those that are."""
    with pytest.raises(
        ConfigError, match=r"embedded, finetuned, optimizers, phi2-vs-llama70b, qwen-0\.5b-vs-1\.5b, smoke"
    ):
        profiles.load("embeded", root=ROOT, known=KNOWN)


def test_a_profile_file_may_lie_anywhere(tmp_path):
    """Anything that looks like a path is one, and a missing file is named."""
    with pytest.raises(ConfigError, match="nowhere"):
        profiles.load("./nowhere/x.yaml", root=tmp_path, known=KNOWN)


def test_a_model_that_the_catalog_does_not_know_may_be_reached_by_url(load):
    """An endpoint may serve anything; only models of our own server must be in the catalog."""
    profile = load(
        "name: p\nmodels: {my-model: {base_url: 'http://127.0.0.1:9/v1'}}\n"
        "cells: [{task: gsm8k, model: my-model, approach: zero_shot}]\n"
    )

    assert ["my-model-zero_shot"] == [cell.id for cell in profile.cells]
