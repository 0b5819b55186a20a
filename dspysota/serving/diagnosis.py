"""Why a server did not start, in words, with the cure."""

from __future__ import annotations

from dspysota.serving.home import Home, State

LINES = 12
"""How much of the log an error shows."""

CURES = (
    ("torchvision::nms", "torchvision does not fit this torch; run `pip uninstall torchvision torchaudio torchcodec`"),
    ("larger than the available kv cache memory", "give it a smaller max_model_len or a larger kv_cache_gib"),
    ("greater than the derived max_model_len", "give it a max_model_len that the model can do"),
    ("address already in use", "its port is taken; choose another, or none"),
    ("cuda out of memory", "the GPU has too little free memory; stop what else uses it or take a smaller model"),
    ("free memory on device", "the GPU has too little free memory; stop what else uses it or take a smaller model"),
    ("less than desired cpu memory utilization", "too little memory is free; close other programs"),
    ("memoryerror", "memory ran out; close other programs, lower kv_cache_gib or take a smaller model"),
    ("can't allocate memory", "memory ran out; close other programs, lower kv_cache_gib or take a smaller model"),
    ("exit status -9", "it was killed, most likely because memory ran out; lower kv_cache_gib or take a smaller model"),
    ("no module named 'vllm", "vLLM is not installed in this environment; run `make setup`"),
    ("unrecognized arguments", "this vLLM does not know one of the flags; look at extra_flags"),
    ("no such file or directory: 'ninja'", "compilation needs tools that are missing; start it with eager on"),
    ("not a valid model identifier", "the weights are incomplete; remove and pull the model again"),
    ("safetensors_rust.safetensorerror", "the weights are damaged; remove and pull the model again"),
    ("was not ready after", "it takes too long to load here; take a smaller model"),
)
"""What is found in the log or in the supervisor's message (lower case), and what helps."""

NO_CURE = "run `dspysota doctor`"


def port_taken(home: Home) -> bool:
    """Whether the server failed because another program had its port."""
    return "address already in use" in "\n".join(home.log_lines(40)).lower()


def failure(model: str, home: Home, state: State | None) -> str:
    """Explain a failed start: what happened, the cure, where the log is, and its last lines."""
    lines = home.log_lines(80)
    happened = state.message if state and state.message else "its supervisor ended"
    text = "\n".join([*lines, happened]).lower()
    cure = next((cure for sign, cure in CURES if sign in text), NO_CURE)
    shown = "\n".join(f"    {line[:300]}" for line in lines[-LINES:]) or "    (nothing)"
    return (
        f"The server of '{model}' did not start: {happened}. What helps: {cure}.\n"
        f"The log is {home.log}; its last lines:\n{shown}"
    )
