"""What the user asked for, besides the profile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dspysota.profiles import Profile
from dspysota.store import command_key


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of one command, already resolved and checked."""

    root: Path
    """The project, whose commit is recorded."""
    out: Path
    """Where run folders go."""
    limit: int | None = None
    """Ask at most so many questions per cell; None: as many as the profile says."""
    data: Path | None = None
    """Folder with benchmark rows, which goes before the hub and the twins."""
    base_url: str | None = None
    """OpenAI-compatible endpoint that stands in for every model of the profile."""
    fresh: bool = False
    """Measure anew: ignore stored programs and unfinished runs."""
    lift: bool = False
    """Measure the steps to every optimized program, too."""
    recompile: bool = False
    """Compile anew: ignore programs stored before this command began. It is continued like any other."""
    reference: Path | None = None
    """Run folder whose runs are taken instead of measuring the reference's model."""
    sequential: bool = False
    """Let a claim that is decided end its candidate's run early."""
    max_usd: float | None = None
    """Spend at most so many US dollars, over all sessions of the command."""
    max_minutes: float | None = None
    """Ask nothing that would end later than this after the session's start."""
    started: float | None = None
    """When the session began, in seconds since the epoch; None: when its workbench was made."""
    ask_twice: float = 0.0
    """Share of each run's questions to ask a second time, in [0, 1]."""
    command: str = ""
    """The command as typed, for the report."""

    def command_key(self, profile: Profile, commit: str | None) -> str:
        """Digest of what decides which runs this command makes; the same key continues an unfinished folder.

        Selections (`-k`, `-m`) and the number of workers do not count: the same runs are only asked for in another
        order. Neither do limits: with a higher one the command goes on. The commit does, because cases of different
        code must not be mixed into one run.
        """
        return command_key(
            {
                "profile": profile.digest,
                "limit": self.limit,
                "data": str(self.data),
                "base_url": self.base_url,
                "out": str(self.out),
                # Its own, since what it measures with must not be older than it.
                "recompile": self.recompile,
                "reference": str(self.reference) if self.reference else None,
                # A run that may end early is not the whole one.
                "sequential": self.sequential,
                **({"ask_twice": self.ask_twice} if self.ask_twice else {}),
                "commit": commit,
            }
        )
