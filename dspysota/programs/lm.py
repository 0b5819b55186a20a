"""The door to the model: a dspy.LM whose engine is our own wire.

DSPy keeps what it is good at (modules, adapters, copies for rollouts); the wire keeps what a measurement needs (one
record per call, retries that show, pooled connections). DSPy's cache and retries are off.
"""

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import dspy
from dspy import lm15

from dspysota.programs.reply import NO_TEMPLATE, WireError
from dspysota.programs.wire import Prompt, Wire
from dspysota.records import Failure, Usage

PLAIN_TEXT = "dspysota_plain_text"
"""Extension of a request whose only message is a text to be continued, and goes to /completions as it is."""

CONSTRAINT = "structured_outputs"
"""Extension of a request whose output the server is to constrain, in vLLM's own words: `{"regex": …}` and others."""

_UNFIT, _ABSENT = frozenset({400, 422, 501}), frozenset({404, 405, 501})
"""HTTP statuses of a server that cannot do what was asked, and of one that has no such path."""

_ELSEWHERE = "take another adapter, such as 'plain', or a server of vLLM."

_KNOWN = ("temperature", "max_tokens", "seed", "top_p", "top_k", "frequency_penalty", "presence_penalty")

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
        extensions = dict(request.config.extensions or {})
        plain = bool(extensions.pop(PLAIN_TEXT, False))
        settings = {"model": self.served_name, **_settings(request), **extensions}
        try:
            reply = self.wire.ask(_prompt(request, plain=plain), settings)
        except WireError as error:
            told = _with_cure(error, plain=plain, constrained=CONSTRAINT in extensions)
            raise _ERRORS[told.failure](str(told), status=told.status) from told
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


def _with_cure(error: WireError, *, plain: bool, constrained: bool) -> WireError:
    """Return the error itself, or one that says what can be done where the server cannot do what an adapter asks for.

    The call is recorded with the server's own words, which stand behind ours.
    """
    if error.failure is not Failure.SERVER_ERROR:
        return error
    if error.status in _UNFIT and "chat template" in str(error):
        cure = f"{NO_TEMPLATE}; take the adapter 'completion', or serve it with a template."
    elif error.status in _UNFIT and constrained:
        cure = f"The server refuses structured outputs; {_ELSEWHERE}"
    elif error.status in _ABSENT and plain:
        cure = f"The server has no /v1/completions; {_ELSEWHERE}"
    else:
        return error
    told = WireError(error.failure, f"{cure} It said: {error}", status=error.status)
    told.__cause__ = error
    return told


def _prompt(request: lm15.Request, *, plain: bool) -> Prompt:
    messages = _messages(request)
    return "".join(message["content"] for message in messages) if plain else messages


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
        raise lm15.UnsupportedFeatureError(
            "dspysota sends neither tools nor response formats nor reasoning settings; see the adapter 'structured'."
        )
    settings = {name: value for name in _KNOWN if (value := getattr(config, name)) is not None}
    # Always sent, null too: what a request says then does not depend on the server's defaults.
    return {**settings, "stop": list(config.stop) or None}


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
        """Ask as dspy.LM does; with n > 1 once per candidate, each with its own seed.

        The keyword `extensions` is ours: what an adapter adds to the request that DSPy has no keyword for.
        """
        if isinstance(prompt, lm15.Request) or "request" in kwargs:
            return super().__call__(prompt, messages=messages, **kwargs)
        settings = {**self.kwargs, **kwargs}
        rollout, n = settings.get("rollout_id"), settings.get("n") or 1
        if rollout is None and n == 1:
            return self._once(prompt, messages, kwargs)
        outputs: list[Any] = []
        for candidate in range(n):
            seed = derived_seed(settings.get("seed") or 0, rollout, candidate)
            outputs += self._once(prompt, messages, {**kwargs, "n": 1, "seed": seed})
        return outputs

    def _once(self, prompt: Any, messages: Any, kwargs: Mapping[str, Any]) -> Any:
        """Ask once. Extensions travel in DSPy's own request value: its keywords refuse what they do not know."""
        extensions = kwargs.get("extensions")
        rest = {name: value for name, value in kwargs.items() if name != "extensions"}
        if not extensions:
            return super().__call__(prompt, messages=messages, **rest)
        settings = {**self.kwargs, **rest}
        config = lm15.Config(
            **{name: settings[name] for name in _KNOWN if settings.get(name) is not None},
            stop=tuple(settings.get("stop") or ()),
            extensions=dict(extensions),
        )
        turns = tuple(
            lm15.Message(role=message["role"], parts=(lm15.TextPart(message["content"]),))
            for message in messages or [{"role": "user", "content": prompt}]
        )
        response = super().__call__(lm15.Request(model=self.model, messages=turns, config=config))
        return [_content(response.message.parts)]


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

    `timeout` is in seconds and per attempt. Raises ConfigError when the URL is none, or for more
    threads than 4096.
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
