"""Tiny rows of our own invention, laid out as the originals."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]


def gsm8k_row(n: int) -> dict[str, Any]:
    """A GSM8K row whose answer is 2n."""
    return {
        "question": f"Two crates hold {n} pears each. How many?",
        "answer": f"{n}+{n}=<<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}",
    }


def hotpotqa_row(n: int, **changes: Any) -> dict[str, Any]:
    """A HotpotQA row with three paragraphs, two of which matter."""
    return {
        "_id": f"row{n}",
        "question": f"Who built the mill in village {n}?",
        "answer": f"Builder {n}",
        "type": "bridge",
        "level": "easy",
        "supporting_facts": [[f"Village {n}", 0], [f"Mill {n}", 1]],
        "context": [
            [f"Village {n}", [f"Village {n} has Mill {n}.", " It is small."]],
            [f"Mill {n}", ["It grinds.", f" Builder {n} built it."]],
            [f"Pond {n}", ["It is wet."]],
        ],
    } | changes
