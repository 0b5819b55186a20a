"""An experiment whose program searches the paragraphs of a whole split."""

import json
import re

from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, Project

pytest_plugins = ["pytester"]


def row(split, n):
    """A question whose answer stands in one of its two paragraphs."""
    name = f"{split}{n}"
    context = [[f"Kite {name}", [f"The kite {name} flies over town{name}."]], [f"Ship {name}", ["It sails."]]]
    return {
        "_id": name,
        "question": f"Over which town does the kite {name} fly?",
        "answer": f"town{name}",
        "supporting_facts": [[f"Kite {name}", 0]],
        "context": context,
    }


def write_rows(folder, count):
    (folder / "hotpotqa").mkdir(parents=True)
    for split, file in (("train", "train"), ("test", "dev")):
        text = "".join(json.dumps(row(split, n)) + "\n" for n in range(count))
        (folder / "hotpotqa" / f"{file}.jsonl").write_text(text)


def first_town(messages):
    return "Answer: " + re.findall(r"flies over (\w+)", messages[-1]["content"])[0]


def test_a_pooled_program_is_measured_like_any_other(installed):
    """It finds each question's paragraph among those of all test rows, and the run says how it searched."""
    with FakeServer(first_town, name=MODEL) as server:
        project = Project(installed, server.base_url)
        write_rows(project.path / "data", 20)
        installed.makepyfile(
            test_sums=f"""
            def test_own(sota):
                sota.run(task="hotpotqa", model="{MODEL}", program="read@pool", approach="bootstrap", rows=3)
            """
        )
        project.run().assert_outcomes(passed=1)

    cases = project.cases()
    assert [case["scores"]["f1"] for case in cases] == [1.0, 1.0, 1.0]
    found = [{title.split()[-1] for title in case["details"]["retrieved"]} for case in cases]
    assert all(name.startswith("test") for names in found for name in names)
    facts = [case["details"]["gold_facts"] for case in cases]
    assert facts == [[[f"Kite {case['case_id']}", 0]] for case in cases]  # which the report marks
    assert any(len(names) > 1 for names in found)  # paragraphs of other rows
    assert "paragraphs of the whole split, bm25" in json.dumps(project.manifest())
