"""Turns a GGUF file into what vLLM serves. A script, run as `python -P gguf.py FILE FOLDER` in a process of its own."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path


def convert(gguf: Path, folder: Path) -> None:
    """Dequantise the weights to bf16 and write safetensors, config, tokenizer and chat template into `folder`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    # transformers refuses to save a model that it believes is still quantised; the weights in memory no longer are.
    model.hf_quantizer = None
    for holder, name in ((model.config, "quantization_config"), (model, "quantization_method")):
        if hasattr(holder, name):
            delattr(holder, name)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)


def _die_with_parent() -> None:
    """The other end of our stdin closes when the process that started us is gone, however it went."""
    # os.read, because the interpreter cannot shut down while a thread sits in a buffered read.
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_die_with_parent, daemon=True).start()
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
