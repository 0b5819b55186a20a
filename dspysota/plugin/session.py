"""The plugin's state in one pytest process: settings, profile and place of work, each made when first needed."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import pytest

from dspysota.errors import ConfigError
from dspysota.plugin import options
from dspysota.plugin.display import progress_for
from dspysota.plugin.place import open_folder

if TYPE_CHECKING:
    from dspysota.claims.references import Found
    from dspysota.experiment import Settings, Workbench
    from dspysota.plugin.gate import Wanted
    from dspysota.profiles import Cell, Profile
    from dspysota.profiles.values import Inconclusive
    from dspysota.records import Policy
    from dspysota.store import RunFolder


STARTED = "dspysota_started"
"""Under which the controller tells workers when the session began."""


class SotaSession:
    """Everything that the hooks and the fixture share. Costs nothing until one of its properties is read."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.folder: RunFolder | None = None
        """The run folder, once a run was asked for in this process."""
        self.climbed: set[str] = set()
        """Keys of the runs whose steps were measured or could not be."""
        self._found: dict[tuple[object, ...], Found] = {}
        self.started: float = getattr(config, "workerinput", {}).get(STARTED) or time.time()
        """When the session began, in the controller where there is one, in seconds since the epoch."""
        self.refused: str | None = None
        """Why nothing may be asked at all, in a sentence; workers cannot end a session, and tell it in every test."""

    @cached_property
    def settings(self) -> Settings:
        """The options, resolved and checked. Raises pytest.UsageError."""
        from dspysota import tasks
        from dspysota.experiment import Settings

        out, data, reference = (self.given(flag) for flag in ("--sota-out", "--sota-data", "--sota-reference"))
        place = options.folder(out, self.base(out))
        assert place is not None, "--sota-out has a default"
        return Settings(
            root=self._config.rootpath,
            out=place,
            limit=options.limit(self.given("--sota-limit")),
            data=options.data_folder(data, self.base(data), lambda: list(tasks.names())),
            base_url=self._base_url(),
            fresh=options.switch(self.given("--sota-no-cache")),
            lift=options.switch(self.given("--sota-lift")),
            recompile=options.switch(self.given("--sota-recompile")),
            reference=options.run_folder(reference, self.base(reference)),
            sequential=options.switch(self.given("--sota-sequential")),
            max_usd=options.positive(self.given("--sota-max-cost")),
            max_minutes=options.positive(self.given("--sota-max-minutes")),
            started=self.started,
            ask_twice=options.share(self.given("--sota-ask-twice")),
            command=shlex.join(["pytest", *map(str, self._config.invocation_params.args)]),
        )

    @cached_property
    def profile(self) -> Profile:
        """The grid of --sota-profile; one without cells where nobody named one and the project has no default.

        Raises pytest.UsageError.
        """
        from dspysota import experiment, profiles

        given = self.given("--sota-profile")
        root = self._config.rootpath
        name = str(given.value)
        if given.origin == "default" and name not in profiles.available(root):
            return profiles.empty()
        if given.origin == "ini" and (root / name).is_file():
            name = str(root / name)
        try:
            return profiles.load(name, root=root, known=experiment.known())
        except ConfigError as error:
            raise pytest.UsageError(f"{given.name}: {error}") from error

    @cached_property
    def inconclusive(self) -> Inconclusive:
        """What an undecided claim does: command line, environment, ini file, profile, else fail.

        Raises pytest.UsageError.
        """
        from dspysota.profiles.values import Inconclusive

        word = options.choice(self.given("--sota-inconclusive"), get_args(Inconclusive))
        return cast("Inconclusive", word) if word else self.profile.inconclusive or "fail"

    @cached_property
    def workbench(self) -> Workbench:
        """Where runs are made. Raises pytest.UsageError."""
        from dspysota.experiment import Workbench

        _ = self.gate  # a baseline that is not there is found before an hour of measuring
        return Workbench(self.profile, self.settings, folder=self._open, progress=progress_for(self._config))

    def found(self, cell: Cell, policy: Policy, *, seeds: bool = False) -> Found:
        """The reference of a cell under a policy, with `seeds` of all seeds, made at most once. Raises SotaError."""
        from dspysota.experiment import reference

        key = (cell.task, cell.id, cell.rows, policy, seeds)
        if key not in self._found:
            self._found[key] = reference(self.workbench, self.profile, self.settings, cell, policy, seeds=seeds)
        return self._found[key]

    @property
    def limits_dollars(self) -> bool:
        """Whether --sota-max-cost was given, right or wrong."""
        return self.given("--sota-max-cost").value is not None

    @property
    def dry_run(self) -> bool:
        """Whether no test is to run. Raises pytest.UsageError."""
        return options.switch(self.given("--sota-dry-run"))

    def check_priced(self, models: Iterable[str]) -> None:
        """Raise pytest.UsageError where dollars are limited and one of these models has no price."""
        if self.settings.max_usd is None:
            return
        from dspysota.experiment import prices

        for model in models:
            try:
                prices.check_priced(model, self.profile.use(model).price)
            except ConfigError as error:
                raise pytest.UsageError(str(error)) from error

    @property
    def place(self) -> str:
        """The run folder's path; empty before the first run."""
        return str(self.folder.path) if self.folder else ""

    @cached_property
    def gate(self) -> Wanted:
        """What the options say of the regression gate. Raises pytest.UsageError."""
        from dspysota.plugin.gate import wanted

        return wanted(self)

    def check(self) -> None:
        """Read all options and the profile now. Raises pytest.UsageError naming what is wrong and what is valid."""
        from dspysota.plugin import mlflow

        _ = self.settings, self.profile, self.inconclusive, self.gate, mlflow.store(self)

    def _open(self) -> RunFolder:
        if self.folder is None:
            self.folder = open_folder(self._config, self.settings, self.profile)
        return self.folder

    def _base_url(self) -> str | None:
        from dspysota.serving.remote import normal_url

        given = self.given("--sota-base-url")
        try:
            return None if given.value is None else normal_url(given.value)
        except ConfigError as error:
            raise pytest.UsageError(f"{given.name}: {error}") from error

    def given(self, flag: str) -> options.Given:
        """The value of an option, and where it came from."""
        return options.given(self._config, flag)

    def base(self, given: options.Given) -> Path:
        """Where a relative path starts: at the user's feet, or for what a file says, at the project's root."""
        return self._config.rootpath if given.origin in ("ini", "default") else self._config.invocation_params.dir


SESSION = pytest.StashKey[SotaSession]()
"""On the config, from `pytest_configure` on."""
