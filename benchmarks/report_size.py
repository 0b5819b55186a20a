"""What a report of many cases takes: bytes, seconds to write it, and milliseconds to look at it in Chromium.

    python -m benchmarks.report_size reports/latest [--cases 20000] [--output DIR] [--assert]

The runs of the folder are repeated until there are so many cases: under ids of their own, with the words of questions,
predictions and outputs in another order, so that nothing is taken for the same that would not be. With --assert the
exit code is 1 where the file has more than 15 MB, the first view takes over a second, or a filter over 200 ms.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import Page, sync_playwright

from dspysota.records import Call, Case, Run
from dspysota.report import html, load_meta
from dspysota.report.meta import ReportMeta
from dspysota.store import load_runs, resolved
from scripts.browser import found

BYTES, FIRST_VIEW, FILTER = 15_000_000, 1_000.0, 200.0
"""At most so many bytes, and milliseconds."""

FILTERS: Sequence[tuple[str, str]] = (
    ("beside", "1"),
    ("versus", "lost"),
    ("versus", "won"),
    ("versus", ""),
    ("beside", ""),
    ("q", "the"),
    ("q", "the year 19"),
    ("q", "no such words"),
    ("q", ""),
    ("run", "2"),
    ("run", ""),
    ("kind", "wrong"),
    ("kind", "right"),
    ("by", "seconds"),
    ("by", "tokens"),
)
"""Controls, and what they are set to, one after the other."""

SET = """async ([name, value]) => {
    const form = document.getElementById("filters");
    const begun = performance.now();
    if (name === "by") document.querySelector(`#list [data-by=${value}]`).click();
    else {
        const box = form.querySelector(`[type=checkbox][value="${value}"]`);
        if (name === "kind") { if (box) box.checked = !box.checked; }
        else form.elements[name].value = value;
        form.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - begun;
}"""
"""Until the second frame after the change: by then it is painted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; returns the exit code."""
    options = _options(arguments)
    folder = resolved(options.folder)
    runs = repeated(load_runs(folder), options.cases)
    meta = load_meta(folder) or ReportMeta(command="")
    begun = time.perf_counter()
    page = html.render(runs, meta)
    rendered = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as scratch:
        path = (options.output or Path(scratch)) / "report.html"
        path.write_text(page, encoding="utf-8", newline="\n")
        first, filters = looked_at(path, options.rounds)
    size = len(page.encode())
    slowest = max(filters, key=lambda one: one[1])
    print(f"{sum(len(run.cases) for run in runs):,} cases of {len(runs)} runs")
    print(f"file         {size / 1e6:8.2f} MB  (at most {BYTES / 1e6:.0f})")
    print(f"rendering    {rendered:8.1f} s")
    print(f"first view   {sorted(first)[len(first) // 2]:8.0f} ms  (at most {FIRST_VIEW:.0f}; median of {len(first)})")
    print(f"slowest      {slowest[1]:8.0f} ms  (at most {FILTER:.0f}; {slowest[0]}, of {len(filters)})")
    missed = size > BYTES or sorted(first)[len(first) // 2] > FIRST_VIEW or slowest[1] > FILTER
    return 1 if options.check and missed else 0


def repeated(runs: Sequence[Run], cases: int) -> list[Run]:
    """The runs, each with as many cases as make `cases` in all."""
    runs = [run for run in runs if run.cases]
    made = []
    for place, run in enumerate(runs):
        wanted = cases // len(runs) + (place < cases % len(runs))
        copies = (copied(case, number) for number in count() for case in run.cases)
        found = tuple(case for case, _ in zip(copies, range(wanted), strict=False))
        data = run.info.data.model_copy(update={"rows": wanted, "digest": f"{run.info.data.digest}-{wanted}"})
        made.append(Run(info=run.info.model_copy(update={"data": data}), cases=found))
    return made


def copied(case: Case, number: int) -> Case:
    """The case itself as number 0; else one like it, whose words nobody has said before."""
    if number == 0:
        return case

    def mixed(text: str) -> str:
        words = text.split(" ")
        Random(f"{number} {text}").shuffle(words)
        return " ".join(words)

    def call(one: Call) -> Call:
        messages = tuple(
            each.model_copy(update={"content": each.content.replace(case.question, mixed(case.question))})
            for each in one.messages
        )
        return one.model_copy(update={"messages": messages, "output": mixed(one.output)})

    return case.model_copy(
        update={
            "case_id": f"{case.case_id}~{number}",
            "question": mixed(case.question),
            "prediction": None if case.prediction is None else mixed(case.prediction),
            "calls": tuple(map(call, case.calls)),
        }
    )


def looked_at(path: Path, rounds: int) -> tuple[list[float], list[tuple[str, float]]]:
    """Milliseconds to the first view, of each round, and by filter, the slowest of the rounds."""
    chromium = found()
    if chromium is None:
        raise SystemExit("There is no Chromium: `make browser` fetches one.")
    first, filters = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri())
            first.append(first_view(page))
            filters += [(f"{name}={value}", page.evaluate(SET, [name, value])) for name, value in FILTERS]
            page.close()
        browser.close()
    return first, filters


def first_view(page: Page) -> float:
    """Milliseconds from the start of loading to the frame after the first rows."""
    page.locator("#rows .row").first.wait_for()
    marked: Any = page.evaluate(
        """async () => {
            while (!performance.getEntriesByName("examples-shown").length) await new Promise(requestAnimationFrame);
            return performance.getEntriesByName("examples-shown")[0].startTime;
        }"""
    )
    return float(marked)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Size and speed of a report of many cases.")
    parser.add_argument("folder", type=Path, help="a run folder, whose runs are repeated")
    parser.add_argument("--cases", type=int, default=20_000, help="in all; default 20,000")
    parser.add_argument("--rounds", type=int, default=5, help="how often the page is opened; default 5")
    parser.add_argument("--output", type=Path, metavar="DIR", help="keep the report there")
    parser.add_argument("--assert", dest="check", action="store_true", help="exit with 1 beyond the bars")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
