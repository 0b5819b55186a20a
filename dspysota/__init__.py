"""Can this small local model, with an optimized DSPy program, replace that large one on this task?

`import dspysota` costs nothing: the names below are imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspysota.approaches.optimizer import create_optimizer
    from dspysota.claims import Claim, Outcome, Verdict
    from dspysota.errors import ConfigError, DataError, ModelError, ProgramError, RunError, ServerError, SotaError
    from dspysota.experiment import measure_profile
    from dspysota.records import Budget, Case, Example, Failure, Published, Run, RunInfo, TokenPrice, Usage
    from dspysota.store import load_runs
    from dspysota.thresholds import Threshold

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(
        ("ConfigError", "DataError", "ModelError", "ProgramError", "RunError", "ServerError", "SotaError"), "errors"
    ),
    **dict.fromkeys(
        ("Budget", "Case", "Example", "Failure", "Published", "Run", "RunInfo", "TokenPrice", "Usage"), "records"
    ),
    **dict.fromkeys(("Claim", "Outcome", "Verdict"), "claims"),
    "Threshold": "thresholds",
    "create_optimizer": "approaches.optimizer",
    "load_runs": "store",
    "measure_profile": "experiment",
}

__all__ = [
    "Budget",
    "Case",
    "Claim",
    "ConfigError",
    "DataError",
    "Example",
    "Failure",
    "ModelError",
    "Outcome",
    "ProgramError",
    "Published",
    "Run",
    "RunError",
    "RunInfo",
    "ServerError",
    "SotaError",
    "Threshold",
    "TokenPrice",
    "Usage",
    "Verdict",
    "__version__",
    "create_optimizer",
    "load_runs",
    "measure_profile",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dspysota' has no attribute {name!r}")
    value = getattr(import_module(f"dspysota.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted(__all__)
