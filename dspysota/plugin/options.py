"""The plugin's options: on the command line, in the environment, and in pytest's ini file, in this order."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

TRUE = ("1", "true", "yes", "on")
FALSE = ("", "0", "false", "no", "off")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option under its three names, of which the command line's decides the others."""

    flag: str
    help: str
    metavar: str | None = None
    """None for a switch."""
    default: str | None = None
    many: bool = False
    """Whether it may be given several times; the values are then one text, separated by commas."""

    @property
    def ini(self) -> str:
        """Name in the ini file, such as `sota_limit`; also where argparse keeps the value."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def env(self) -> str:
        """Name in the environment, such as `DSPYSOTA_LIMIT`."""
        return self.ini.replace("sota_", "DSPYSOTA_", 1).upper()

    @property
    def full_help(self) -> str:
        """What `pytest --help` shows."""
        default = f" Default: {self.default}." if self.default else ""
        return f"{self.help}{default} Also {self.env} in the environment and {self.ini} in the ini file."


OPTIONS = (
    Option(
        flag="--sota-profile",
        metavar="NAME|FILE",
        default="embedded",
        help="Experiment grid to measure: the name of a profile in fixtures/profiles, or a YAML file.",
    ),
    Option(
        flag="--sota-limit",
        metavar="N",
        help="Ask N questions per experiment, or all there are; without it as many as the profile says.",
    ),
    Option(
        flag="--sota-data",
        metavar="DIR",
        help="Folder with benchmark rows (gsm8k/test.jsonl, hotpotqa/dev.jsonl, …). Without it rows come from the "
        "Hugging Face hub where it is reachable, and from generated twins elsewhere.",
    ),
    Option(flag="--sota-out", metavar="DIR", default="reports", help="Folder for reports and stored runs."),
    Option(
        flag="--sota-base-url",
        metavar="URL",
        help="OpenAI-compatible endpoint (http://host:port/v1) that serves the profile's models, instead of own "
        "servers.",
    ),
    Option(
        flag="--sota-no-cache",
        help="Measure anew: ignore stored programs and unfinished runs.",
    ),
    Option(
        flag="--sota-lift",
        help="Beside every optimized program measure the steps to it: unoptimized, format, instructions, "
        "demonstrations, samples.",
    ),
    Option(
        flag="--sota-recompile",
        help="Compile programs anew although stored ones fit. Interrupted, the same command goes on with those that it "
        "has compiled.",
    ),
    Option(
        flag="--sota-inconclusive",
        metavar="fail|warn",
        help="What an undecided claim does to its test: fail, or warn, which lets it pass with a warning. A claim that "
        "FAILs fails whatever it says. Without it as the profile says, else fail.",
    ),
    Option(
        flag="--sota-reference",
        metavar="DIR",
        help="Run folder of an earlier command whose runs of the reference's model are taken instead of measuring it.",
    ),
    Option(
        flag="--sota-sequential",
        help="End a candidate's run as soon as the profile's claim on its quality is decided, the reference first.",
    ),
    Option(
        flag="--sota-dry-run",
        help="Run no test and ask no model: print the questions, calls, tokens, dollars and minutes to expect, and "
        "which differences so many questions can tell.",
    ),
    Option(
        flag="--sota-max-cost",
        metavar="USD",
        help="Ask nothing that might bring the command's cost above so many US dollars. With a higher limit the same "
        "command goes on.",
    ),
    Option(
        flag="--sota-max-minutes",
        metavar="M",
        help="Ask nothing that would end later than so many minutes after the session's start, loading models "
        "included. The same command goes on.",
    ),
    Option(
        flag="--sota-ask-twice",
        metavar="SHARE",
        help="Ask this share of each run's questions a second time, such as 0.1, and report how many answers change by "
        "themselves.",
    ),
    Option(
        flag="--sota-save",
        metavar="NAME",
        help="Keep this session's runs as the baseline NAME, in baselines/NAME of the reports' folder.",
    ),
    Option(
        flag="--sota-baseline",
        metavar="NAME|FILE|DIR",
        help="Compare with a saved baseline, a run folder, or a file in one, and fail where something became worse.",
    ),
    Option(
        flag="--sota-rule",
        metavar="RULE",
        many=True,
        help="How much worse a metric may become: accuracy:-2pp, f1:-0.02, p95_seconds:+0.5, errors:+0, … or "
        "METRIC:off. May be given several times; separated by commas in the environment and the ini file.",
    ),
    Option(
        flag="--sota-strict",
        help="Fail what is worse than a rule allows also where it may be noise.",
    ),
    Option(
        flag="--sota-mlflow",
        metavar="URI",
        help="Log the session's runs to this MLflow store when it ends: a server, a database or a folder. Needs "
        "`pip install 'dspysota[mlflow]'`; trouble with it is said, and changes no exit code.",
    ),
)

Origin = Literal["option", "environment", "ini", "default"]


@dataclass(frozen=True)
class Given:
    """A value and where it came from."""

    value: str | None
    origin: Origin
    option: Option

    @property
    def name(self) -> str:
        """What the user wrote it under."""
        return {"environment": self.option.env, "ini": self.option.ini}.get(self.origin, self.option.flag)


def add(parser: pytest.Parser) -> None:
    """Register the options and their ini names."""
    group = parser.getgroup("dspysota", "dspysota: experiments with small models and optimized programs")
    for option in OPTIONS:
        if option.metavar is None:
            group.addoption(option.flag, dest=option.ini, action="store_const", const="1", help=option.full_help)
        elif option.many:
            group.addoption(
                option.flag, dest=option.ini, metavar=option.metavar, action="append", help=option.full_help
            )
        else:
            group.addoption(option.flag, dest=option.ini, metavar=option.metavar, help=option.full_help)
        # As text and without a type, so that our own check speaks and not pytest's.
        parser.addini(option.ini, option.help, type="string", default=None)


def any_given(config: pytest.Config) -> bool:
    """Whether the command line has one of our options."""
    return any(config.getoption(option.ini, None) is not None for option in OPTIONS)


def given(config: pytest.Config, flag: str, environ: Mapping[str, str] = os.environ) -> Given:
    """The value of one option: command line, then environment, then ini file, then its default."""
    option = next(option for option in OPTIONS if option.flag == flag)
    written = config.getoption(option.ini, None)
    if written is not None:
        return Given(",".join(written) if option.many else written, "option", option)
    if environ.get(option.env):
        return Given(environ[option.env], "environment", option)
    ini = config.getini(option.ini)
    return Given(ini, "ini", option) if ini else Given(option.default, "default", option)


def limit(text: Given) -> int | None:
    """A whole number of at least 1, or None. Raises pytest.UsageError."""
    if text.value is None:
        return None
    if not text.value.strip().isdecimal() or int(text.value) < 1:
        raise pytest.UsageError(f"{text.name} is {text.value!r}; it must be a whole number of at least 1.")
    return int(text.value)


def positive(text: Given) -> float | None:
    """A number above 0, or None. Raises pytest.UsageError."""
    return None if text.value is None else _number(text, "a number above 0", lambda value: 0 < value < math.inf)


def share(text: Given) -> float:
    """A number from 0 to 1; 0 where nothing was said. Raises pytest.UsageError."""
    wanted = "a share from 0 to 1, such as 0.1"
    return 0.0 if text.value is None else _number(text, wanted, lambda value: 0 <= value <= 1)


def _number(text: Given, wanted: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(text.value or "")
    except ValueError:
        value = math.nan
    if not fits(value):
        raise pytest.UsageError(f"{text.name} is {text.value!r}; it must be {wanted}.")
    return value


def folder(text: Given, base: Path) -> Path | None:
    """A path, relative to `base`, or None."""
    return None if text.value is None else base / Path(text.value).expanduser()


def data_folder(text: Given, base: Path, tasks: Callable[[], list[str]]) -> Path | None:
    """An existing folder with at least one task's rows. Raises pytest.UsageError naming what it should hold."""
    path = folder(text, base)
    if path is None:
        return None
    wanted = ", ".join(f"{name}/" for name in tasks())
    if not path.is_dir():
        raise pytest.UsageError(f"{text.name} is {text.value!r}, which is no folder; it must hold one of {wanted}.")
    if not any((path / name).is_dir() for name in tasks()):
        raise pytest.UsageError(f"{text.name} is {text.value!r}, which holds none of the folders {wanted}.")
    return path


def choice(text: Given, valid: Sequence[str]) -> str | None:
    """One of the valid words, or None. Raises pytest.UsageError naming them."""
    if text.value is not None and text.value not in valid:
        raise pytest.UsageError(f"{text.name} is {text.value!r}; it must be {' or '.join(valid)}.")
    return text.value


def run_folder(text: Given, base: Path) -> Path | None:
    """A path at which runs were stored, relative to `base`, or None. Raises pytest.UsageError for one that is not."""
    path = folder(text, base)
    if path is not None and not path.exists():
        raise pytest.UsageError(
            f"{text.name} is {text.value!r}, which does not exist; it must be a run folder such as reports/latest."
        )
    return path


def switch(text: Given) -> bool:
    """Yes or no. Raises pytest.UsageError naming the words understood."""
    word = (text.value or "").strip().lower()
    if word not in (*TRUE, *FALSE):
        raise pytest.UsageError(f"{text.name} is {text.value!r}; it must be one of {', '.join((*TRUE, *FALSE[1:]))}.")
    return word in TRUE
