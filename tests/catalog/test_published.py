"""Scores that others published."""

import pytest

from dspysota import Claim, Outcome, catalog
from dspysota.errors import ConfigError, RunError
from dspysota.tasks import get, names
from tests.factories import make_run

ENTRY = "{model: phi-2, task: gsm8k, metric: accuracy, score: 0.5, protocol: 8-shot, source: A paper, read: primary}"


def test_every_score_is_of_a_model_and_a_task_that_there_are():
    """A name that nobody can ask for would never be shown."""
    scores = catalog.published_scores()

    assert len(scores) > 20
    assert {one.model for one in scores} <= set(catalog.catalog())
    assert {one.task for one in scores} <= set(names())


def test_a_score_says_where_it_stands_and_how_it_was_read():
    """Model and protocol by name; paper and table, and whether a copy was read."""
    [score] = catalog.published("gsm8k", "phi-2")
    record = score.record()

    assert ("phi-2, 8-shot", 0.611) == (record.name, record.score)
    assert "Microsoft Research, blog Phi-2, Table 1, column Math (read in a copy)" == record.source
    assert () == catalog.published("gsm8k", "nobody")


def test_no_published_score_is_called_by_a_metric_of_ours():
    """Others read answers in their own way; so nothing but a quotation can be made of their scores."""
    for one in catalog.published_scores():
        assert one.metric not in get(one.task).metrics

    with pytest.raises(RunError, match="scores of different metrics have no ratio"):
        make_run([1.0] * 10).vs(catalog.published("gsm8k", "phi-2")[0].record()) >= Claim(quality=0.9)  # noqa: B015


def test_a_published_score_of_the_same_metric_decides_nothing():
    """It may be put beside a run by hand; the verdict says that it cannot pass."""
    published = catalog.published("gsm8k", "phi-2")[0].record().model_copy(update={"metric": "exact_match"})
    verdict = make_run([1.0] * 200).vs(published) >= Claim(quality=0.9)

    assert Outcome.DESCRIPTIVE is verdict.outcome
    assert "An assertion against it cannot pass." in str(verdict)


@pytest.mark.parametrize(
    "text,parts",
    [
        ("[]", ["no list `scores:`"]),
        (f"scores: [{ENTRY.replace('0.5', '50')}]", ["scores[0], score", "(it is 50)"]),
        (f"scores: [{ENTRY.replace('primary', 'memory')}]", ["scores[0], read", "'primary' or 'copy'"]),
        (f"scores: [{ENTRY.replace('source: A paper, ', '')}]", ["scores[0], source"]),
        (f"scores: [{ENTRY}, {ENTRY}]", ["scores[1] repeats scores[0]"]),
    ],
)
def test_a_bad_entry_is_refused(tmp_path, text, parts):
    """With its place and what is valid."""
    path = tmp_path / "published.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        catalog.published_scores(path)

    for part in parts:
        assert part in str(caught.value)
