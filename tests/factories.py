"""Records made up for tests: one case, one run, or a whole evening's grid of two tasks and five cells.

Everything is drawn from the seed given, so that a test that fails once fails again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from dspysota.records import (
    ERRORS,
    Call,
    Case,
    CompileInfo,
    DataInfo,
    Failure,
    Message,
    ModelInfo,
    Run,
    RunInfo,
    Usage,
)

METRICS = {
    "gsm8k": ("exact_match", "strict_match", "flexible_match"),
    "hotpotqa": ("f1", "em", "sp_f1", "sp_em", "joint_f1", "joint_em", "supporting_recall"),
}
PROGRAMS = {"gsm8k": "cot", "hotpotqa": "read"}
SYSTEM = {
    "gsm8k": "Solve the problem. Think step by step, then give the final answer on a line of its own after ####.",
    "hotpotqa": "Answer the question from the paragraphs. End with a line: Answer: the shortest phrase that answers.",
}
PARAMETERS = {"qwen2.5-coder-0.5b": 494e6, "qwen2.5-coder-1.5b": 1.54e9}
CELLS = (  # model, approach, adapter, share right, share unparsable, prompt tokens, completion tokens, seconds
    ("qwen2.5-coder-0.5b", "zero_shot", "chat", 0.09, 0.31, 310, 260, 9.4),
    ("qwen2.5-coder-0.5b", "zero_shot", "plain", 0.18, 0.04, 101, 240, 6.1),
    ("qwen2.5-coder-0.5b", "few_shot", "plain", 0.21, 0.02, 870, 130, 4.2),
    ("qwen2.5-coder-0.5b", "bootstrap", "plain", 0.30, 0.02, 1260, 235, 7.0),
    ("qwen2.5-coder-1.5b", "zero_shot", "plain", 0.52, 0.01, 101, 190, 11.8),
)


def make_call(output: str = "6 * 7 = 42\n#### 42", messages: Sequence[Message] | None = None, **fields) -> Call:
    values = {
        "messages": tuple(messages or (Message(role="user", content="What is 6 times 7?"),)),
        "output": output,
        "usage": Usage(prompt_tokens=20, completion_tokens=10, cached_tokens=0),
        "seconds": 0.5,
        "finish_reason": "stop",
        "first_token_seconds": 0.1,
    }
    return Call.model_validate({**values, **fields})


def make_case(case_id: str = "q1", score: float = 1.0, *, metrics: Sequence[str] = METRICS["gsm8k"], **fields) -> Case:
    """One case, right unless `score` or `failure` says otherwise; an error carries its message."""
    failure = fields.pop("failure", None if score == 1.0 else Failure.WRONG)
    values = {
        "case_id": case_id,
        "question": "What is 6 times 7?",
        "gold": "42",
        "prediction": "42" if score == 1.0 else "41",
        "scores": dict.fromkeys(metrics, 0.0 if failure in ERRORS else score),
        "failure": failure,
        "error": f"{failure}: the server said no" if failure in ERRORS else None,
        "calls": (make_call(),),
        "seconds": 0.5,
    }
    return Case.model_validate({**values, **fields})


def make_info(task: str = "gsm8k", **fields) -> RunInfo:
    model = fields.pop("model_name", "qwen2.5-coder-0.5b")
    values = {
        "key": f"{task}-{model}-{fields.get('approach', 'zero_shot')}-{fields.get('adapter', 'plain')}",
        "task": task,
        "program": PROGRAMS[task],
        "approach": "zero_shot",
        "adapter": "plain",
        "model": make_model(model),
        "data": make_data(task, rows=fields.pop("rows", 40)),
        "compile": CompileInfo(program_digest="5f" * 32),
        "seed": 0,
        "sampling": {"temperature": 0.0, "max_tokens": 320},
        "metrics": METRICS[task],
        "primary": METRICS[task][0],
        "concurrency": 32,
        "limit": 40,
        "started": "2026-11-22T18:04:11+00:00",
        "wall_seconds": 61.5,
        "versions": {"dspysota": "0.1.0", "python": "3.11.2", "dspy": "3.4.1", "vllm": "0.32.0", "torch": "2.13.0+cpu"},
        "commit": "3f901225db33b32b39a7c022bb07ad0db03895ce",
        "machine": {"cpu": "AMD EPYC", "cores": 2, "memory_gib": 24.0, "gpu": "none", "system": "Linux 6.1"},
    }
    return RunInfo.model_validate({**values, **fields})


def make_model(name: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        digest=random.Random(name).randbytes(32).hex(),
        backend="vllm-cpu",
        served_name=name,
        base_url="http://127.0.0.1:43117/v1",
        server_flags=("--max-model-len", "4096", "--enforce-eager", "--dtype", "bfloat16", "--max-num-seqs", "64"),
        server_env={"VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_CPU_OMP_THREADS_BIND": "0-1"},
        context_length=4096,
        parameters=PARAMETERS.get(name),
    )


def make_data(task: str, rows: int = 40) -> DataInfo:
    digest = random.Random(task).randbytes(32).hex()
    if task == "gsm8k":
        return DataInfo(name="gsm8k", source="directory", origin="data/gsm8k", split="test", rows=rows, digest=digest)
    origin = "dspysota closed world, seed 0"
    return DataInfo(name="closed_world_hops", source="twin", origin=origin, split="test", rows=rows, digest=digest)


def make_run(scores: Sequence[float] = (1.0, 0.0, 1.0, 1.0), task: str = "gsm8k", **fields) -> Run:
    """One run whose cases have these scores; `fields` go to its RunInfo."""
    info = make_info(task, rows=len(scores), **fields)
    cases = [make_case(f"q{i}", score, metrics=info.metrics) for i, score in enumerate(scores)]
    return Run(info=info, cases=tuple(cases))


def make_grid(cases: int = 40, seed: int = 0) -> list[Run]:
    """Two tasks, five cells each, as an evening's run of the embedded profile would leave them."""
    return [_cell(task, place, cases, seed) for task in METRICS for place in range(len(CELLS))]


def _cell(task: str, place: int, n: int, seed: int) -> Run:
    model, approach, adapter, right, unparsable, prompt, completion, seconds = CELLS[place]
    chance = random.Random(f"{seed} {task} {place}")
    demos = _demos(task, approach, chance)
    made = []
    for i in range(n):
        question, gold = _question(task, i)
        kind = _outcome(task, chance, right, unparsable)
        took = seconds * chance.lognormvariate(0, 0.35) + (30 if kind is Failure.TIMEOUT else 0)
        output = _output(task, gold, kind, chance)
        call = Call(
            messages=(*demos, Message(role="user", content=_prompt(task, i, question))),
            output=output,
            usage=Usage(
                prompt_tokens=round(prompt * chance.uniform(0.85, 1.2) * (1 if task == "gsm8k" else 1.8)),
                completion_tokens=round(completion * chance.uniform(0.5, 1.5) * (1 if task == "gsm8k" else 0.2)),
                cached_tokens=round(prompt * 0.6),
            ),
            seconds=took,
            finish_reason="length" if kind is Failure.TRUNCATED else "stop",
            first_token_seconds=took * 0.2,
        )
        made.append(_case(task, i, kind, call, chance))
    compiled = (
        CompileInfo(
            program_digest="c0" * 32, calls=96, seconds=121.4, usage=Usage(prompt_tokens=9800, completion_tokens=23100)
        )
        if approach == "bootstrap"
        else CompileInfo(program_digest="ab" * 32)
    )
    wall = sum(case.seconds for case in made) / 28
    info = make_info(
        task, model_name=model, approach=approach, adapter=adapter, rows=n, limit=n, compile=compiled, wall_seconds=wall
    )
    return Run(info=info, cases=tuple(made))


def _outcome(task: str, chance: random.Random, right: float, unparsable: float) -> Failure | None:
    draw = chance.random()
    if draw < right * (1 if task == "gsm8k" else 0.7):
        return None
    kinds = [Failure.UNPARSABLE, Failure.TRUNCATED, Failure.TIMEOUT, Failure.WRONG]
    weights = [unparsable, 0.08, 0.006, 0.5]
    if task == "hotpotqa":
        kinds.append(Failure.RETRIEVAL_MISS)
        weights.append(0.22)
    return chance.choices(kinds, weights)[0]


def _case(task: str, i: int, kind: Failure | None, call: Call, chance: random.Random) -> Case:
    question, gold = _question(task, i)
    scores = dict.fromkeys(METRICS[task], 1.0 if kind is None else 0.0)
    prediction: str | None = gold
    if kind is Failure.WRONG:
        prediction = str(chance.randrange(200)) if task == "gsm8k" else f"the {gold.split()[-1]} theatre in Ostrava"
        if task == "hotpotqa":
            scores["f1"] = chance.choice([0.0, 0.0, 0.4, 0.667])
    elif kind is not None:
        prediction = None if kind is not Failure.RETRIEVAL_MISS else "Ostrava"
    details = {}
    if task == "hotpotqa":
        details = {
            "retrieved": ["Marta Velin", "The Salt Orchard", "Ostrava Ferry"],
            "supporting_facts": [["Marta Velin", 0]],
        }
    error = "no answer within 60 s, twice" if kind is Failure.TIMEOUT else None
    return Case(
        case_id=f"{task}-test-{i:04d}", question=question, gold=gold, prediction=prediction, scores=scores,
        failure=kind, error=error, calls=(call,), seconds=call.seconds, details=details,
    )  # fmt: skip


def _question(task: str, i: int) -> tuple[str, str]:
    a, b, c = 3 + i % 9, 4 + i % 7, 2 + i % 5
    if task == "gsm8k":
        who = ("Natalia", "Weng", "Betty", "Julie", "James", "Mark")[i % 6]
        return (
            f"{who} packs {a} crates with {b} jars of honey each. On the way to the market {c} jars break, and half of "
            f"the rest are sold before noon at ${c} a jar. How many jars had {who} when she arrived?",
            str(a * b - c),
        )
    work = ("The Salt Orchard", "Nine Ferries", "A Lamp for Ilse", "The Quiet Meridian")[i % 4]
    return f"In which city was the author of the {1890 + i} novel “{work}” born?", (
        "Brezno",
        "Port Ansel",
        "Lower Vey",
    )[i % 3]


def _prompt(task: str, i: int, question: str) -> str:
    if task == "gsm8k":
        return f"Question: {question}"
    return (
        f"[1] Marta Velin: Marta Velin (1861–1934) was a novelist born in Brezno. She wrote {i % 7 + 2} novels.\n"
        f"[2] The Salt Orchard: The Salt Orchard is a novel by Marta Velin.\n\nQuestion: {question}"
    )


def _output(task: str, gold: str, kind: Failure | None, chance: random.Random) -> str:
    if kind is Failure.TIMEOUT:
        return ""
    steps = "\n".join(
        f"Step {k}: {chance.randrange(9)} × {chance.randrange(9)} = {chance.randrange(80)}." for k in (1, 2, 3)
    )
    if kind in (Failure.UNPARSABLE, Failure.TRUNCATED):
        return steps + "\nSo the number of jars that are left after the"
    return steps + (f"\n#### {gold}" if task == "gsm8k" else f"\nAnswer: {gold}")


def _demos(task: str, approach: str, chance: random.Random) -> tuple[Message, ...]:
    turns = [Message(role="system", content=SYSTEM[task])]
    for i in range(0 if approach == "zero_shot" else 4):
        question, gold = _question(task, 100 + i)
        turns.append(Message(role="user", content=_prompt(task, 100 + i, question)))
        turns.append(Message(role="assistant", content=_output(task, gold, None, chance)))
    return tuple(turns)
