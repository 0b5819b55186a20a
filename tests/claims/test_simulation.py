"""The command behind docs/statistics.md runs, and what the document says was written by it."""

import re
from pathlib import Path

from benchmarks import claim_errors
from dspysota.claims.planning import tellable

DOCUMENT = Path(__file__).parents[2] / "docs/statistics.md"


def rates(title):
    """The error rates (percent, two columns) of one table in the document, row by row."""
    text = DOCUMENT.read_text().split(f"### {title}\n")[1].split("\n### ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    first = next(place for place, name in enumerate(rows[0]) if "PASS" in name)
    return [[float(cell) for cell in row[first : first + 2]] for row in rows[2:]]


def test_one_command_writes_the_document(tmp_path):
    """A few draws give all tables; text around the markers stays, and what stands between them is replaced."""
    document = tmp_path / "statistics.md"
    document.write_text("# Title\n\nText.\n")
    assert claim_errors.main(["--reps", "4", "--jobs", "1", "--output", str(document)]) == 0
    written = document.read_text()
    assert written.startswith("# Title\n\nText.\n\n<!-- claim errors: begin")
    again = claim_errors.TABLES.put(written + "The end.\n", "Other tables.")
    assert again.startswith("# Title\n\nText.\n\n<!-- claim errors: begin")
    assert again.endswith("-->\n\nOther tables.\n\n<!-- claim errors: end -->\nThe end.\n")
    titles = re.findall(r"^### (.*)$", written, flags=re.MULTILINE)
    assert titles == re.findall(r"^### (.*)$", DOCUMENT.read_text().split("claim errors: begin")[1], flags=re.MULTILINE)
    assert len(titles) == len(set(titles))


def test_documented_errors_stay_at_five_percent():
    """Every figure of the tests that claims rest on, in either direction, within four standard errors of its table.

    Tables say two standard errors. Four, because the worst of hundreds of figures is looked at: at a true 5%, one of
    500 lies beyond three in every other document.
    """
    for title in (
        "Right and wrong answers, at the boundary",
        "Fractional scores, at the boundary",
        "The sequential rules, at the boundary",
        "The sequential rules on fractional scores, at the boundary",
    ):
        text = DOCUMENT.read_text().split(f"### {title}\n")[1]
        two = float(re.findall(r"±([\d.]+)", text)[0])
        worst = max(rate for row in rates(title) for rate in row)
        assert worst <= 5 + 2 * two, title


def test_documented_ends_save_seven_of_ten_questions():
    """At true ratios of at most 0.70 and at least 1.10."""
    text = DOCUMENT.read_text().split("### Questions saved\n")[1].split("\n### ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| 0")]
    clear = [float(row[4]) for row in rows if float(row[1]) <= 0.7 or float(row[1]) >= 1.1]
    assert len(clear) >= 14
    assert min(clear) >= 70


def test_the_documented_example_of_a_dry_run_is_true():
    """What 100 and 1,319 questions can tell, as the text says."""
    text = DOCUMENT.read_text()
    for n in (100, 1319):
        fail, passed = tellable(n, 0.8, 0.9)
        assert fail is not None
        assert passed is not None
        assert f"{n:,} questions tell {fail:.2f} and {passed:.2f}" in text
