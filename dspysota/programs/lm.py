"""The door to the model: a dspy.LM whose engine is our own wire.

DSPy keeps what it is good at (modules, adapters, copies for rollouts); the wire keeps what a measurement needs (one
record per call, retries that show, pooled connections). DSPy's cache and retries are off.
"""

import hashlib
import logging
from typing import Any

import dspy
from dspy import lm15

from dspysota.programs.wire import Wire, WireError
from dspysota.records import Failure, Usage

_ERRORS = {
    Failure.TIMEOUT: lm15.TimeoutError,
    Failure.CONTEXT_OVERFLOW: lm15.ContextLengthError,
    Failure.REFUSED: lm15.ProviderError,
    Failure.SERVER_ERROR: lm15.ProviderError,
}
# One warning per truncated answer is DSPy's; here truncation is a failure class, counted and shown.
logging.getLogger("dspy.clients.lm").addFilter(lambda entry: "truncated" not in str(entry.msg))

_FINISH = frozenset({"stop", "length", "content_filter"})


class WireEngine:
    """DSPy's engine contract, `complete(Request) -> Response`, kept by a wire. Holds no mutable state."""

    def __init__(self, wire: Wire, served_name: str) -> None:
        self.wire = wire
        self.served_name = served_name

    def __repr__(self) -> str:
        return f"WireEngine({self.wire!r}, {self.served_name!r})"

    def complete(self, request: lm15.Request) -> lm15.Response:
        """Answer one request. Raises lm15's errors, each caused by the WireError that says the failure class."""
        try:
            reply = self.wire.ask(_messages(request), {"model": self.served_name, **_settings(request)})
        except WireError as error:
            raise _ERRORS[error.failure](str(error), status=error.status) from error
        return as_response(request, reply.output, reply.usage, reply.finish_reason)

    def __deepcopy__(self, memo: object) -> "WireEngine":
        """Return itself: programs are copied by the dozen, connections are not."""
        return self


def as_response(request: lm15.Request, output: str, usage: Usage, finish_reason: str | None) -> lm15.Response:
    """Return what DSPy wants to see of an answer."""
    return lm15.Response(
        id=None,
        model=request.model,
        message=lm15.Message(role="assistant", parts=(lm15.TextPart(output),)),
        finish_reason=finish_reason if finish_reason in _FINISH else "stop",
        usage=lm15.Usage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.cached_tokens),
    )


def _messages(request: lm15.Request) -> list[dict[str, str]]:
    messages = [] if request.system is None else [{"role": "system", "content": _content(request.system)}]
    for message in request.messages:
        role = "system" if message.role == "developer" else message.role
        messages.append({"role": role, "content": _content(message.parts)})
    return messages


def _content(parts: Any) -> str:
    if isinstance(parts, str):
        return parts
    if not all(isinstance(part, lm15.TextPart) for part in parts):
        raise lm15.UnsupportedFeatureError("dspysota sends text only.")
    return "".join(part.text for part in parts)


def _settings(request: lm15.Request) -> dict[str, Any]:
    config = request.config
    if request.tools or config.response_format or config.reasoning:
        raise lm15.UnsupportedFeatureError("dspysota sends neither tools nor response formats nor reasoning settings.")
    known = {
        name: getattr(config, name)
        for name in ("temperature", "max_tokens", "seed", "top_p", "top_k", "frequency_penalty", "presence_penalty")
    }
    settings = {name: value for name, value in known.items() if value is not None}
    # Always sent, null too: what a request says then does not depend on the server's defaults.
    return {**settings, "stop": list(config.stop) or None, **(config.extensions or {})}


class SeededLM(dspy.LM):
    """A dspy.LM whose rollouts differ although its seed is fixed.

    DSPy tells rollouts apart by `rollout_id`, which it keeps off the wire: with a fixed seed every rollout would send
    the same request and get the same answer. Here the seed sent is derived from (seed, rollout_id, candidate), so that
    rollouts differ from each other and repeat from run to run.
    """

    proposes = False
    """Whether it writes instructions for others; its answers are then read leniently."""

    @property
    def door(self) -> Any:
        """The engine through which it asks; `copy(engine=…)` takes another one."""
        return self._engine_spec

    def __call__(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """Ask as dspy.LM does; with n > 1 once per candidate, each with its own seed."""
        if isinstance(prompt, lm15.Request) or "request" in kwargs:
            return super().__call__(prompt, messages=messages, **kwargs)
        settings = {**self.kwargs, **kwargs}
        rollout, n = settings.get("rollout_id"), settings.get("n") or 1
        if rollout is None and n == 1:
            return super().__call__(prompt, messages=messages, **kwargs)
        outputs: list[Any] = []
        for candidate in range(n):
            seed = derived_seed(settings.get("seed") or 0, rollout, candidate)
            outputs += super().__call__(prompt, messages=messages, **{**kwargs, "n": 1, "seed": seed})
        return outputs


def derived_seed(seed: int, rollout: int | None, candidate: int) -> int:
    """Return the seed of a rollout's candidate, in [0, 2**31): the first plain one keeps the seed it was given.

    >>> derived_seed(7, None, 0), derived_seed(7, 1, 0) == derived_seed(7, 2, 0)
    (7, False)
    """
    if rollout is None and candidate == 0:
        return seed
    digest = hashlib.sha256(f"{seed}/{rollout}/{candidate}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF


def make_lm(  # noqa: PLR0913  one name per thing that is always sent; all but the address by keyword
    endpoint_url: str,
    served_name: str,
    api_key: str | None,
    *,
    temperature: float = 0.0,
    max_tokens: int,
    stop: tuple[str, ...] = (),
    seed: int = 0,
    timeout: float = 600.0,
    retries: int = 2,
    concurrency: int = 64,
) -> SeededLM:
    """Return the model behind an OpenAI-compatible URL ending in /v1, for up to `concurrency` threads.

    `timeout` is in seconds and per attempt. Raises ConfigError when the URL is none.
    """
    wire = Wire(endpoint_url, api_key, timeout=timeout, retries=retries, concurrency=concurrency)
    return SeededLM(
        f"dspysota/{served_name}",
        engine=WireEngine(wire, served_name),
        temperature=temperature,
        max_tokens=max_tokens,
        stop=list(stop),
        seed=seed,
        cache=False,
        num_retries=0,
    )
