"""Every optimizer, compiled for real: a vLLM server, a small model, rows, and a tiny budget."""

import pytest

from dspysota import approaches, programs, tasks
from dspysota.approaches.preparing import Effort
from dspysota.errors import ProgramError
from dspysota.profiles import Optimize
from dspysota.records import Budget
from dspysota.tasks import DataSource

CALLS = 80
"""Requests that one compilation may make."""

SETTINGS = {
    "mipro": {"data_aware_proposer": False},
    "copro": {"breadth": 2, "depth": 1},
    "simba": {"bsize": 4, "num_candidates": 2, "max_steps": 1, "max_demos": 2},
    "gepa": {"max_metric_calls": 30},
    "infer_rules": {"num_candidates": 2},
    "random_search": {"num_candidate_programs": 2},
    "ensemble": {"num_candidate_programs": 2},
}


@pytest.fixture(scope="module")
def data():
    """The closed world: short paragraphs, on which even the smallest model is right now and then."""
    return tasks.get("hotpotqa").load(DataSource(), seed=0)


def searching():
    """The approaches that ask a model, but for the one that needs a trainer."""
    return [
        name for name in approaches.names() if approaches.approach(name).ASKS_MODEL and name != "bootstrap_finetune"
    ]


@pytest.mark.parametrize("name", searching())
def test_an_optimizer_compiles_within_its_budget_on_a_real_server(name, endpoint, data, tmp_path, monkeypatch):
    """It ends inside its budget with a program that answers, or says in one sentence why there is none."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    lm = programs.make_lm(endpoint.base_url, endpoint.served_name, endpoint.api_key, max_tokens=48, concurrency=16)
    budget = Budget(calls=CALLS)
    optimize = Optimize(train=24, validation=8, budget=budget, settings={name: SETTINGS.get(name, {})})
    # Weights and server are shared with all other tests, what is compiled is not.
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path))

    try:
        prepared = approaches.prepare(
            name,
            task_name="hotpotqa",
            program_name="read",
            data=data.splits,
            metric=tasks.get("hotpotqa").score,
            lm=lm,
            adapter_name="plain",
            seed=0,
            concurrency=16,
            cache_key={"weights": "smollm2-135m"},
            effort=Effort(optimize=optimize, model_name="smollm2-135m"),
            progress=False,
            context_length=4096,
        )
    except ProgramError as error:
        refusal, info, module = str(error), None, programs.create("hotpotqa", "read")
    else:
        refusal, info, module = "", prepared.info, prepared.module

    assert info is not None or "budget of" in refusal or "right" in refusal, refusal
    assert info is None or 0 < info.calls <= CALLS
    assert info is None or info.calls == sum(phase.calls for phase in info.phases)
    assert info is None or not any(phase.failed for phase in info.phases)
    # Whatever was found: sampling with seeds, and long prompts, have left the server alive.
    assert programs.make_solver(module, lm, "plain")(data.splits.test[0]).error is None
