"""Stored programs for tests of `dspysota programs`: compiled, moved, and forged."""

import hashlib
import json
import re

from dspysota import approaches, programs, tasks
from dspysota.cli import main
from dspysota.records import Example
from dspysota.tasks import Splits
from dspysota.testing import FakeServer

ROWS = tuple(Example(id=str(i), inputs={"question": f"Count to {i}."}, gold=str(i)) for i in range(8))
PAGES = [["Rome", ["Rome is in Italy."]], ["Oslo", ["Oslo is in Norway."]], ["Bern", ["Bern is in Switzerland."]]]
CITIES = tuple(
    Example(
        id=city,
        inputs={"question": f"Where is {city}?", "paragraphs": PAGES},
        gold=land,
        extra={"supporting_facts": [[city, 0]]},
    )
    for city, land in (("Rome", "Italy"), ("Oslo", "Norway"))
)


def counts(chat):
    n = re.findall(r"Count to (\d+)\.", chat[-1]["content"])[0]
    return f"One to {n}.\n#### {n}"


def knows(chat):
    question = re.findall(r"Where is (\w+)\?", chat[-1]["content"])[-1]
    if "Query:" in chat[0]["content"]:
        return f"Query: {question}"
    return f"It is said there.\nAnswer: {'Italy' if question == 'Rome' else 'Norway'}"


def prepared(replies=counts, task="gsm8k", program=None, train=ROWS, **fields):
    """Compile a program and store it; return the requests of its whole life."""
    with FakeServer(replies, name="small-1b") as server:
        values = {
            "task_name": task,
            "program_name": program or programs.names(task)[0],
            "data": Splits(train=train, validation=(), test=()),
            "metric": tasks.get(task).score,
            "lm": programs.make_lm(server.base_url, server.name, None, max_tokens=50),
            "adapter_name": "plain",
            "seed": 0,
            "concurrency": 1,
            "cache_key": {"weights": "ab" * 32},
            "progress": False,
        }
        approaches.prepare("bootstrap", **{**values, **fields})


def keys(home):
    return sorted(path.name for path in (home / "programs").iterdir())


def said(capsys, *words):
    """Run a command that succeeds; return what it printed."""
    capsys.readouterr()
    assert main(["programs", *words]) == 0
    return capsys.readouterr().out


def refused(capsys, *words):
    """Run a command that fails; return its one line."""
    capsys.readouterr()
    assert main(["programs", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, 1) == ("", len(err.splitlines()))
    return err


def exported(capsys, key, name="program.json"):
    said(capsys, "export", key, name)
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def forge(values, name="forged.json", **changes):
    """Write an exported file that was changed by somebody who repairs its digests."""
    values = {**values, **changes}
    values.pop("digest", None)
    values["info"] = {**values["info"], "program_digest": digest(values["state"])}
    with open(name, "w", encoding="utf-8") as file:
        json.dump({**values, "digest": digest(values)}, file)
    return name


def rekeyed(values):
    """The values under the key that belongs to their parts."""
    return {**values, "key": digest({**values["parts"], "budget": values["info"]["budget"]})}


def digest(value):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    return hashlib.sha256(text.encode()).hexdigest()


def poisoned(values, text):
    """The state with `text` as the instructions of its only predictor."""
    ((name, state),) = values["state"].items()
    return {name: {**state, "signature": {**state["signature"], "instructions": text}}}
