"""Turns a GGUF file into what vLLM serves. Run as `python -m dspysota.models.gguf FILE FOLDER` by itself."""

from __future__ import annotations

import sys
from pathlib import Path

from dspysota.models.child import end_with_parent


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


if __name__ == "__main__":
    end_with_parent()
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
