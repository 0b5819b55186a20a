"""How well prompts are counted before they are sent, held against what the server counted.

    python benchmarks/prompt_tokens.py reports/latest

For each run of a folder, the prompt tokens that its server reported, those that the dry run's counter finds in the same
messages by the model's tokenizer (where its weights are here), and those by characters alone, as ratios to the first.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dspysota import catalog, models
from dspysota.errors import ConfigError
from dspysota.experiment.forecast.tokens import counter
from dspysota.records import Run
from dspysota.store import load_runs


def main(folder: str) -> None:
    """Print a line a run."""
    for run in load_runs(Path(folder)):
        reported = run.usage.prompt_tokens
        if not reported:
            continue
        by_tokenizer, by_characters = (counted(run, with_weights=flag) / reported for flag in (True, False))
        print(f"{run.name}: {reported:,} reported, {by_tokenizer:.4f} by tokenizer, {by_characters:.2f} by characters")


def counted(run: Run, *, with_weights: bool) -> float:
    """Tokens of all prompts of a run; by characters, too, where its model's weights are not here."""
    try:
        spec = catalog.find(run.info.model.name)
    except ConfigError:
        spec = None
    weights = models.find_weights(spec) if spec is not None and with_weights else None
    calls = [call.messages for case in run.cases for call in case.calls if call.error is None]
    return sum(counter(spec, weights).count(calls))


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["reports/latest"])
