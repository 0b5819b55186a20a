"""Prices of tokens in a profile: written there, in a file of the user's, or in a dated table that comes as a package.

The table is genai-prices: prices that providers publish, with the dates from which they hold, as data inside the
installed package. It is read from there alone; nothing is fetched.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dspysota.errors import ConfigError
from dspysota.profiles import document
from dspysota.records import TokenPrice

TABLE = "genai-prices"

FORMS = (
    "{prompt: 0.1, completion: 0.2} in dollars per million tokens, {provider: together, model: microsoft/phi-2, date: "
    "2026-11-01} for the packaged table, or {file: prices.yaml, model: NAME}"
)

_NOON = datetime.time(12, tzinfo=datetime.UTC)
"""A price that changes on a day has changed by then, wherever the day begins."""


def looked_up(raw: Any, folder: Path) -> Any:
    """The profile as read, each reference to a price replaced by the price; files are looked for from `folder`.

    What is no profile is returned as it is. Raises ConfigError naming the place, what is unknown, and what is near.
    """
    models = raw.get("models") if isinstance(raw, dict) else None
    if not isinstance(models, dict):
        return raw
    found = {}
    for name, use in models.items():
        if isinstance(use, dict) and use.get("price") is not None:
            price = _price(use["price"], f"models.{name}.price", folder)
            use = {**use, "price": price.model_dump()}
        found[name] = use
    return {**raw, "models": found}


def _price(value: Any, place: str, folder: Path) -> TokenPrice:
    if not isinstance(value, dict):
        raise ConfigError(f"{place}: {value!r} is no price; write {FORMS}.")
    keys = set(value)
    if "prompt" in keys or "completion" in keys:
        return _written(value, place)
    if "file" in keys:
        _check_keys(value, ("file", "model"), place)
        return _from_file(folder / str(value["file"]), str(value["model"]), place)
    _check_keys(value, ("provider", "model", "date"), place)
    return from_table(str(value["provider"]), str(value["model"]), value["date"], place)


def _check_keys(value: Mapping[Any, Any], wanted: tuple[str, ...], place: str) -> None:
    missing = [key for key in wanted if value.get(key) is None]
    other = [key for key in value if key not in wanted]
    if missing or other:
        fault = f"{missing[0]!r} is missing" if missing else f"unknown key {other[0]!r}"
        raise ConfigError(f"{place}: {fault}; write {FORMS}.")


def _written(value: Mapping[Any, Any], place: str) -> TokenPrice:
    try:
        return TokenPrice.model_validate(value)
    except ValidationError as error:
        fault = error.errors()[0]
        key = str(fault["loc"][0])
        if fault["type"] == "extra_forbidden":
            raise ConfigError(
                f"{place}: unknown key {key!r}; valid are {', '.join(TokenPrice.model_fields)}."
            ) from None
        why = "is missing" if fault["type"] == "missing" else f"is {fault['input']!r}"
        raise ConfigError(
            f"{place}: {key!r} {why}; it must be a number of dollars per million tokens, 0 or more."
        ) from None


def _from_file(path: Path, model: str, place: str) -> TokenPrice:
    try:
        table = document.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{place}: the price file {str(path)!r} cannot be read: {' '.join(str(error).split())}."
        ) from None
    if not isinstance(table, dict):
        raise ConfigError(f"{place}: the price file {str(path)!r} must map names to {{prompt: …, completion: …}}.")
    if model not in table:
        raise ConfigError(f"{place}: {path.name!r} has no {model!r}; {_near(model, map(str, table))}.")
    value = table[model]
    if not isinstance(value, dict):
        raise ConfigError(f"{place}: {model!r} in {path.name!r} is {value!r}; write {{prompt: …, completion: …}}.")
    # Prices of one file count as one provider's unless it says otherwise: its author put them side by side.
    origin = {"provider": path.name, "source": f"{model} in {path.name}"}
    return _written({**origin, **value}, f"{place}: {model!r} in {path.name!r}")


def from_table(provider: str, model: str, date: object, place: str) -> TokenPrice:
    """The price that a provider lists for a model on a date, in the packaged table.

    Raises ConfigError for an unknown provider or model, naming near ones, and for a price that is not one number.
    """
    day = _day(date, place)
    from genai_prices.data import providers  # late: a second, and only who names a table price waits for it

    by_id = {one.id: one for one in providers}
    if provider not in by_id:
        raise ConfigError(f"{place}: {TABLE} has no provider {provider!r}; {_near(provider, by_id)}.")
    entry = by_id[provider].find_model(model)
    if entry is None:
        names = [one.id for one in by_id[provider].models]
        raise ConfigError(f"{place}: {TABLE} has no model {model!r} of {provider!r}; {_near(model, names)}.")
    listed = entry.get_prices(datetime.datetime.combine(day, _NOON))
    prompt, completion = _number(listed.input_mtok), _number(listed.output_mtok)
    if prompt is None or completion is None or prompt + completion == 0:
        raise ConfigError(
            f"{place}: {TABLE} has no single price above 0 for {model!r} of {provider!r} on {day}; write it yourself, "
            "{prompt: …, completion: …}."
        )
    version = metadata.version(TABLE)
    return TokenPrice(
        prompt=prompt,
        completion=completion,
        cached=_number(getattr(listed, "cache_read_mtok", None)),
        provider=provider,
        source=f"{entry.id} at {by_id[provider].name} on {day}, by {TABLE} {version}",
    )


def _day(date: object, place: str) -> datetime.date:
    try:
        return date if type(date) is datetime.date else datetime.date.fromisoformat(str(date))
    except ValueError:
        raise ConfigError(f"{place}: date {date!r} is no day; write it as 2026-11-01.") from None


def _number(price: object) -> float | None:
    """Dollars per million tokens; None for no price, and for one in tiers by the length of the prompt."""
    from decimal import Decimal

    return float(price) if isinstance(price, Decimal) else None


def _near(name: str, names: Iterable[str]) -> str:
    """The nearest names, with or without an owner before a slash; all of a few where none is near."""
    known = list(names)
    lower = {one.lower(): one for one in known} | {one.lower().rpartition("/")[2]: one for one in known}
    wanted = name.lower()
    close = [
        *difflib.get_close_matches(wanted, lower, n=3, cutoff=0.5),
        *difflib.get_close_matches(wanted.rpartition("/")[2], lower, n=3, cutoff=0.5),
    ]
    found = list(dict.fromkeys(lower[one] for one in close))[:3]
    return f"near are {', '.join(found)}" if found else f"valid are {', '.join(known[:12])}{', …' * (len(known) > 12)}"
