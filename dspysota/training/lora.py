"""Trains low-rank adapters (LoRA, E. Hu et al. 2021, arXiv:2106.09685) on conversations, and merges them.

Run as `python -m dspysota.training.lora JOB.json` by itself: its memory, and a GPU's, is given back. A line of
JSON on stdout tells each step, the last one what came of it. TRL and PEFT do the training.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from dspysota.models.child import end_with_parent

STARTED = time.monotonic()
TOKENS_ON_CPU = 1024
TOKENS_ON_GPU = 8192
WEIGHTS = (".safetensors", ".safetensors.index.json")


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Train the model in `job["base"]` on `job["conversations"]`, and write a folder like it to `job["folder"]`."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

    set_seed(job["seed"])
    gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(job["base"])
    if job["chat_template"]:
        tokenizer.chat_template = Path(job["chat_template"]).read_text(encoding="utf-8")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    sized = [(row, _tokens(tokenizer, row)) for row in job["conversations"] if not _acts(tokenizer, row)]
    fits = [(row, tokens) for row, tokens in sized if tokens <= job["max_tokens"]]
    rows = [row for row, _ in fits]
    if not rows:
        return {"examples": 0, "losses": []}
    at_once = _at_once(job["batch"], max(tokens for _, tokens in fits), gpu)
    model = AutoModelForCausalLM.from_pretrained(job["base"], dtype=torch.bfloat16 if gpu else torch.float32)
    trainer, teller = _trainer(job, model, tokenizer, Dataset.from_list(rows), at_once, gpu)
    trainer.train()
    _store(trainer.model.merge_and_unload().to(torch.bfloat16), Path(job["base"]), Path(job["folder"]))
    return {
        "examples": len(rows),
        "left_out": len(job["conversations"]) - len(rows),
        "tokens": int(trainer.state.num_input_tokens_seen),
        "losses": teller.by_epoch(),
        "passes": 3 if trainer.args.gradient_checkpointing else 2,
        "ended_early": teller.ended_early,
    }


def _trainer(job: dict[str, Any], model: Any, tokenizer: Any, rows: Any, at_once: int, gpu: bool) -> tuple[Any, Any]:
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    teller = _teller(job)
    arguments = SFTConfig(
        output_dir=job["scratch"],
        num_train_epochs=job["epochs"],
        learning_rate=job["learning_rate"],
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=job["batch"] // at_once,
        gradient_checkpointing=gpu,
        max_length=None,  # what is too long was left out: an answer without its end teaches to write no end
        bf16=gpu,
        use_cpu=not gpu,
        seed=job["seed"],
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        include_num_input_tokens_seen="non_padding",
    )
    lora = LoraConfig(r=job["rank"], lora_alpha=2 * job["rank"], target_modules="all-linear", task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model, args=arguments, train_dataset=rows, processing_class=tokenizer, peft_config=lora, callbacks=[teller]
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, teller


def _at_once(batch: int, longest: int, gpu: bool) -> int:
    """Return how many rows of a batch go through the model together: a divisor of it, by the memory that they take.

    The logits of each token are as many numbers as there are words.
    """
    most = (TOKENS_ON_GPU if gpu else TOKENS_ON_CPU) // longest
    return max((n for n in range(1, batch + 1) if batch % n == 0 and n <= most), default=1)


def _teller(job: dict[str, Any]) -> Any:
    from transformers import TrainerCallback

    class Teller(TrainerCallback):  # type: ignore[misc]  # transformers has no types for it
        """Tells each step, and ends the training when its time is over."""

        def __init__(self) -> None:
            self.losses: list[tuple[float, float]] = []
            self.ended_early = False
            self._end = STARTED + job["seconds"] if job["seconds"] is not None else None

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if self._end is not None and time.monotonic() >= self._end and state.global_step < state.max_steps:
                self.ended_early = True
                control.should_training_stop = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                self.losses.append((float(state.epoch), float(logs["loss"])))
                _say({"step": state.global_step, "of": state.max_steps, "loss": float(logs["loss"])})

        def by_epoch(self) -> list[float]:
            """Mean loss of the steps of each epoch, nats a token."""
            epochs: dict[int, list[float]] = {}
            for epoch, loss in self.losses:
                epochs.setdefault(max(0, -int(-epoch // 1) - 1), []).append(loss)
            return [sum(losses) / len(losses) for _, losses in sorted(epochs.items())]

    return Teller()


def _tokens(tokenizer: Any, row: dict[str, Any]) -> int:
    """Tokens of a row: prompt and completion are both texts, or both turns of a chat."""
    if isinstance(row["prompt"], str):
        return len(tokenizer(row["prompt"] + row["completion"])["input_ids"]) + 1  # the end, which TRL writes
    turns = [*row["prompt"], *row["completion"]]
    return len(tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"])


def _acts(tokenizer: Any, row: dict[str, Any]) -> bool:
    """Return whether an answer holds what the model takes for control: it would learn to forge turns."""
    said = row["completion"] if isinstance(row["completion"], str) else row["completion"][0]["content"]
    return any(token in said for token in tokenizer.all_special_tokens)


def _store(model: Any, base: Path, folder: Path) -> None:
    """Write the weights, and beside them what lies beside the base's: a server reads both folders alike."""
    model.save_pretrained(folder)
    for file in base.iterdir():
        if file.is_file() and not file.name.endswith(WEIGHTS) and file.name != "weights.json":
            shutil.copyfile(file, folder / file.name)


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    end_with_parent()
    _say(train(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
