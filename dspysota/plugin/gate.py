"""The regression gate in a session: its options, its decision, and what is saved."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dspysota.errors import ConfigError, SotaError
from dspysota.plugin import options
from dspysota.plugin.asked import Watcher, cells_of, parsed

if TYPE_CHECKING:
    from dspysota.gate import Gate, Identity, Rule
    from dspysota.gate.baselines import Baseline
    from dspysota.plugin.session import SotaSession
    from dspysota.profiles import Profile
    from dspysota.records import Run
    from dspysota.report import Outcome


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the options say of the gate."""

    out: Path
    save: str | None = None
    baseline: Baseline | None = None
    awaited: str = ""
    """The name of a baseline that does not exist yet and that this session saves."""
    rules: tuple[Rule, ...] = ()
    strict: bool = False


def mentioned(session: SotaSession) -> bool:
    """Whether one of the options that make a gate was given."""
    return any(session.given(flag).value is not None for flag in ("--sota-save", "--sota-baseline"))


def wanted(session: SotaSession) -> Wanted:
    """Read and check the options; the baseline is read now, since `latest` will soon be another one.

    Raises pytest.UsageError.
    """
    from dspysota.gate import DEFAULTS, layered
    from dspysota.gate.baselines import check_name

    save, rules = session.given("--sota-save"), session.given("--sota-rule")
    for option in (save, session.given("--sota-baseline")):
        if option.value == "":
            raise pytest.UsageError(f"{option.name} is empty; it must be {option.option.metavar}, or be left out.")
    try:
        name = check_name(save.value) if save.value else None
    except ConfigError as error:
        raise pytest.UsageError(f"{save.name}: {error}") from None
    try:
        held = layered(DEFAULTS, parsed([rules.value] if rules.value else []))
    except ConfigError as error:
        raise pytest.UsageError(f"{rules.name}: {error}") from None
    out = session.settings.out
    baseline = _baseline(session, out, name)
    given = session.given("--sota-baseline").value
    return Wanted(
        out=out,
        save=name,
        baseline=baseline,
        awaited=given if given and baseline is None else "",
        rules=held,
        strict=options.switch(session.given("--sota-strict")),
    )


def _baseline(session: SotaSession, out: Path, save: str | None) -> Baseline | None:
    from dspysota.gate import available, find, load

    given = session.given("--sota-baseline")
    if not given.value or (given.value == save and save not in available(out)):
        return None
    try:
        return load(find(given.value, out=out, base=session.base(given)), given.value)
    except SotaError as error:
        raise pytest.UsageError(f"{given.name}: {error}") from None


def decide(want: Wanted, watcher: Watcher, runs: Sequence[Run], profile: Profile, own: Path | None) -> Gate | None:
    """The gate's decision on the runs of a finished session; None where no baseline was named.

    `own` is the folder of the session itself, which is no baseline of its runs.
    """
    from dspysota.gate import Gate
    from dspysota.gate import decide as decide_gate

    baseline, texts = want.baseline, tuple(map(str, want.rules))
    if want.awaited:
        note = f"There is no baseline {want.awaited!r} yet: nothing was compared, and this session makes it."
        return Gate(baseline=want.awaited, rules=texts, strict=want.strict, notes=(note,))
    if baseline is None or not (watcher.cells or runs):
        return None
    if own is not None and baseline.path.resolve() == own.resolve():
        why = "it is this session's own folder, left by an interruption; name a saved baseline"
        return Gate(baseline=baseline.name, rules=texts, strict=want.strict, undecided=why)
    gate = decide_gate(
        runs,
        baseline.runs,
        name=baseline.name,
        rules=lambda run: watcher.rules(run, want.rules),
        shown=want.rules,
        strict=want.strict,
        scope=watcher.scope(baseline, profile),
    )
    if not gate.runs:
        return gate.model_copy(update={"undecided": "no run was measured, so nothing was compared"})
    return gate


def unfinished(want: Wanted) -> Gate | None:
    """What is said of the gate when the session was cut short."""
    from dspysota.gate import Gate

    name = want.awaited or (want.baseline.name if want.baseline else "")
    why = "the session did not come to its end; the same command goes on with it"
    return Gate(baseline=name, rules=tuple(map(str, want.rules)), undecided=why) if name else None


@dataclass(frozen=True)
class Saved:
    """What became of --sota-save, in sentences, and whether everything was saved."""

    sentences: tuple[str, ...] = ()
    whole: bool = True


def save(
    want: Wanted,
    watcher: Watcher,
    runs: Sequence[Run],
    profile: Profile,
    outcomes: Mapping[str, Outcome],
    gate: Gate | None,
) -> Saved:
    """Keep the runs that can be a baseline: those whose every question was asked, and that no test failed.

    A run with errors counts when a test let it pass, since its bar then allows them. A baseline that the session was
    compared with, and did not match, is left as it was.
    """
    from dspysota.gate import Identity, available, load
    from dspysota.gate import save as save_runs
    from dspysota.gate.baselines import FOLDER, Profile

    assert want.save is not None
    if gate is not None and gate.red and gate.baseline == want.save:
        why = "the gate against it is red; to take the runs as they are, save without --sota-baseline"
        return Saved((f"baseline {want.save} was left as it was: {why}",), whole=False)
    refused = {run.info.key: why for run in runs if (why := _unfit(run, outcomes.get(run.info.key)))}
    said = [f"not saved: {run.name}: {refused[run.info.key]}" for run in runs if run.info.key in refused]
    good = [run for run in runs if run.info.key not in refused]
    if not good:
        return Saved((*said, f"baseline {want.save}: nothing was saved"), whole=False)
    drop: set[Identity] = set()
    if want.save in available(want.out):
        before = load(want.out / FOLDER / want.save, want.save)
        scope, made = watcher.scope(before, profile), {Identity.of(run.info) for run in runs}
        drop = {identity for one in before.runs if scope.gone(one) and (identity := Identity.of(one.info)) not in made}
    about = Profile(profile=profile.name, cells=tuple(cells_of(profile)))
    path, kept = save_runs(want.out, want.save, good, profile=about, drop=drop)
    rest = f", {kept} of it left as they were" if kept else ""
    noun = "run" if len(good) == 1 else "runs"
    return Saved((*said, f"baseline {want.save}: {len(good)} {noun} saved in {_shown(path)}{rest}"), whole=not said)


def append_summary(summary: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Append a session's summary to the file that GitHub Actions shows; return what went wrong, or nothing."""
    place = environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return ""
    try:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(summary.read_text(encoding="utf-8") + "\n")
    except OSError as error:
        return f"summary.md could not be appended to GITHUB_STEP_SUMMARY: {error.strerror}."
    return ""


def _unfit(run: Run, outcome: Outcome | None) -> str:
    """Why a run can be no baseline; empty where it can."""
    if outcome is not None and outcome.outcome == "failed":
        return "it missed its bar, and a baseline is what later runs are held to"
    if len(run.cases) < run.info.data.rows:
        return f"only {len(run.cases):,} of its {run.info.data.rows:,} questions were asked"
    if run.errors and outcome is None:
        return f"{run.errors:,} of its questions got no answer; a test whose threshold allows them makes it one"
    return ""


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
