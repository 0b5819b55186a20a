"""Which run of a baseline belongs to which run, what else differs between the two, and what forbids comparing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dspysota.gate.result import Difference
from dspysota.records import Run, RunInfo

UNKNOWN = "not known"
PRICE = "price"
"""What differences of prices begin with."""
MACHINE = ("cpu", "cores", "gpu")
"""What of a machine decides how fast it answers. Its memory varies by rounding, its system by every update."""


class Asked(NamedTuple):
    """What a session was to measure, as far as a cell says it before any rows are read."""

    task: str
    program: str
    approach: str
    adapter: str
    model: str
    seed: int


class Identity(NamedTuple):
    """What two runs must have in common to be the same experiment at two times. Never the run key, which changes with
    every line of code: that is what a gate is to look across."""

    task: str
    data: str
    program: str
    approach: str
    adapter: str
    model: str
    teacher: str | None
    seed: int

    @classmethod
    def of(cls, info: RunInfo) -> Identity:
        """The identity of a run."""
        return cls(
            task=info.task,
            data=info.data.name,
            program=info.program,
            approach=info.approach,
            adapter=info.adapter,
            model=info.model.name,
            teacher=info.compile.teacher,
            seed=info.seed,
        )

    @property
    def asked(self) -> Asked:
        """The cell that it is a run of."""
        return Asked(self.task, self.program, self.approach, self.adapter, self.model, self.seed)


def by_identity(runs: Sequence[Run]) -> dict[Identity, list[Run]]:
    """The runs of each identity, in the order given: several where a profile asks a cell for several sets of rows."""
    found: dict[Identity, list[Run]] = {}
    for run in runs:
        found.setdefault(Identity.of(run.info), []).append(run)
    return found


def matched(runs: Sequence[Run], baselines: Sequence[Run]) -> tuple[list[tuple[Run, Run | None]], list[Run]]:
    """Each run with its baseline, None where it has none, and the baselines that are left.

    Of several with one identity those on the same rows belong together, then those in the same place.
    """
    there = by_identity(baselines)
    found: dict[int, Run | None] = {}
    for identity, mine in by_identity(runs).items():
        left = there.get(identity, [])
        for same_rows in (True, False):
            for run in mine:
                fits = [one for one in left if one.info.data.digest == run.info.data.digest or not same_rows]
                if found.get(id(run)) is None and fits:
                    found[id(run)] = fits[0]
                    left.remove(fits[0])
    return [(run, found.get(id(run))) for run in runs], [run for group in there.values() for run in group]


def refusals(run: RunInfo, baseline: RunInfo) -> list[Difference]:
    """What forbids comparing two runs of one identity: other weights, other rows, other metrics."""
    found = _differing(
        ("weights", _digest(baseline.origin), _digest(run.origin)),
        ("rows", _rows(baseline), _rows(run)),
        ("metrics", ", ".join(baseline.metrics), ", ".join(run.metrics)),
        ("main metric", baseline.primary, run.primary),
        ("version of the metrics", str(baseline.metric_version), str(run.metric_version)),
    )
    return list(found)


def latency_refusals(run: RunInfo, baseline: RunInfo) -> list[Difference]:
    """What forbids comparing the seconds of two runs: another machine, or another number of questions at once."""
    machines = [(name, *_both(name, baseline, run)) for name in MACHINE]
    found = _differing(
        *machines,
        ("backend", baseline.model.backend, run.model.backend),
        ("questions at once", str(baseline.concurrency), str(run.concurrency)),
    )
    return list(found)


def differences(run: RunInfo, baseline: RunInfo) -> list[Difference]:
    """Everything that identifies a run and is not the same on both sides, what forbids a comparison first."""
    facts = [
        *((name, one, other) for name, one, other in zip(Identity._fields, *_identities(run, baseline), strict=True)),
        ("program's text", _digest(baseline.compile.program_digest), _digest(run.compile.program_digest)),
        ("trained weights", _trained(baseline), _trained(run)),
        *_mapped("sampling", baseline.sampling, run.sampling),
        *_mapped(PRICE, _prices(baseline), _prices(run)),
        ("commit", baseline.commit or UNKNOWN, run.commit or UNKNOWN),
        *_mapped("version of", baseline.versions, run.versions),
        ("server's flags", " ".join(baseline.model.server_flags), " ".join(run.model.server_flags)),
    ]
    found = [*refusals(run, baseline), *_differing(*facts), *latency_refusals(run, baseline)]
    return list({one.what: one for one in reversed(found)}.values())[::-1]


def _identities(run: RunInfo, baseline: RunInfo) -> tuple[list[str], list[str]]:
    one, other = ([str(part or "none") for part in Identity.of(info)] for info in (baseline, run))
    return one, other


def _both(name: str, baseline: RunInfo, run: RunInfo) -> tuple[str, str]:
    return str(baseline.machine.get(name, "none")), str(run.machine.get(name, "none"))


def _prices(info: RunInfo) -> dict[str, object]:
    """What a run was counted by: `tokens.prompt` and the like."""
    return dict(_flat(info.prices.model_dump(exclude_none=True))) if info.prices is not None else {}


def _flat(values: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _trained(info: RunInfo) -> str:
    return _digest(info.compile.training.digest) if info.compile.training else "none"


def _digest(value: str | None) -> str:
    return f"sha256 {value[:12]}" if value else UNKNOWN


def _rows(info: RunInfo) -> str:
    data = info.data
    return f"{data.rows:,} of {data.name} {data.split}, {_digest(data.digest)}"


def _mapped(what: str, baseline: Mapping[str, object], run: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*baseline, *run}):
        yield f"{what} {name}", str(baseline.get(name, "none")), str(run.get(name, "none"))


def _differing(*facts: tuple[str, str, str]) -> Iterator[Difference]:
    for what, one, other in facts:
        if one != other:
            yield Difference(what=what, baseline=one, run=other)
