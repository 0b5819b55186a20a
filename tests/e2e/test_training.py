"""Weights that are trained, served by vLLM, and asked."""

import pytest

from dspysota import approaches, models, programs, serving, tasks
from dspysota.approaches.preparing import Effort
from dspysota.catalog import find
from dspysota.profiles import Optimize
from dspysota.records import Budget
from dspysota.tasks import DataSource
from dspysota.training import LoraTrainer

OPTIONS = serving.ServerOptions(max_model_len=4096, kv_cache_gib=1)


def any_answer(example, prediction, output):
    """Full marks for whatever can be read: the smallest model is hardly ever right, and learns to be readable."""
    return {tasks.get("hotpotqa").primary: float(prediction is not None)}


@pytest.fixture
def weights():
    return models.ensure(find("smollm2-135m"))


def test_a_model_learns_from_its_answers_and_serves_what_it_learned(endpoint, weights, tmp_path, monkeypatch):
    """Its loss falls, its weights have a digest of their own, and vLLM serves them as it serves any."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    spec = find("smollm2-135m")
    lm = programs.make_lm(endpoint.base_url, endpoint.served_name, endpoint.api_key, max_tokens=32, concurrency=16)
    data = tasks.get("hotpotqa").load(DataSource(), seed=0)
    home = tmp_path / "home"
    monkeypatch.setenv("DSPYSOTA_HOME", str(home))
    trainer = LoraTrainer(name=spec.name, base=weights, chat_template=None, context_length=1024, room=lambda: None)
    settings = {"bootstrap_finetune": {"epochs": 2, "rank": 8, "batch": 4}}
    prepared = approaches.prepare(
        "bootstrap_finetune",
        task_name="hotpotqa",
        program_name="direct",
        data=data.splits,
        metric=any_answer,
        lm=lm,
        adapter_name="plain",
        seed=0,
        concurrency=16,
        cache_key={"weights": weights.digest},
        effort=Effort(
            optimize=Optimize(train=8, budget=Budget(calls=16), settings=settings),
            model_name=spec.name,
            trainer=trainer,
        ),
        progress=False,
        context_length=4096,
    )
    training, made = prepared.info.training, prepared.weights
    assert training is not None
    assert made is not None
    assert training.examples >= 2
    assert training.losses[-1] < training.losses[0]
    assert training.digest not in (weights.digest, training.base)
    assert made.path.is_relative_to(home)
    monkeypatch.delenv("DSPYSOTA_HOME")  # servers are this machine's, as for all other tests
    with serving.lease(spec, made.path, training.digest, options=OPTIONS) as trained:
        assert trained.base_url != endpoint.base_url
        lm = programs.make_lm(trained.base_url, trained.served_name, trained.api_key, max_tokens=32)
        answer = programs.make_solver(prepared.module, lm, "plain")(data.splits.test[0])
    assert answer.error is None
    assert answer.calls[0].usage.completion_tokens
