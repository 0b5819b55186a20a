import hashlib
import json
import re
import subprocess
import sys
from collections import Counter

import pytest

from dspysota import tasks
from dspysota.errors import DataError
from dspysota.tasks import DataSource
from dspysota.tasks.base import digest
from dspysota.tasks.twins import closed_world
from scripts.make_closed_world import main

TRAIN, TEST = closed_world.rows()
ROWS = TRAIN + TEST


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A source that can take nothing but the twin, and the lines it announces."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    lines: list[str] = []
    return DataSource(offline=True, announce=lines.append), lines


def texts(row):
    return {title: "".join(sentences) for title, sentences in row["context"]}


def test_offline_hotpotqa_is_the_closed_world_by_its_own_name(offline):
    """The twin never bears the benchmark's name, and the line that announces it says why it was taken."""
    source, lines = offline

    data = tasks.get("hotpotqa").load(source, seed=0)

    assert (data.name, data.source, data.origin) == ("closed_world", "twin", "dspysota closed_world seed 20180925")
    assert (len(data.splits.train), len(data.splits.validation), len(data.splits.test)) == (105, 45, 250)
    assert data.take(1)[0].id.startswith("closed_world-test-")
    assert lines == [
        "hotpotqa: closed_world from dspysota closed_world seed 20180925 (twin, because HF_HUB_OFFLINE is set and the "
        "hub's cache does not hold the rows): 150 training and 250 test rows"
    ]


def test_offline_gsm8k_is_gsm_symbolic_by_its_own_name(offline):
    """The same for GSM8K; its rows depend on the package's generator alone, and all of them prove themselves."""
    data = tasks.get("gsm8k").load(offline[0], seed=0)

    assert (data.name, data.source) == ("gsm_symbolic", "twin")
    assert (len(data.splits.train), len(data.splits.validation), len(data.splits.test)) == (200, 300, 400)
    assert data.take(1)[0].id.startswith("gsm_symbolic-test-")
    assert digest(data.take(100)) == "07e4463d899599b2773400e700a9b21c52db7bf02384cc941c078f5478a664f7"


def test_without_the_generator_the_cure_is_named(offline, monkeypatch):
    """A missing package is one sentence, not a traceback."""
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)

    with pytest.raises(DataError, match="needs the package 'reasoning-gym': install it"):
        tasks.get("gsm8k").load(offline[0], seed=0)


def test_importing_the_tasks_imports_nothing_heavy():
    """Rows are fetched or made when asked for, and only then are the packages for it imported."""
    code = (
        "import sys, dspysota.tasks as t; t.names();"
        "assert not {'datasets', 'huggingface_hub', 'reasoning_gym', 'dspy', 'torch'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_closed_world_is_always_the_same():
    """The rows are a function of nothing: another digest means that scores before and after cannot be compared."""
    text = json.dumps(closed_world.rows(), sort_keys=True)

    assert (
        hashlib.sha256(text.encode()).hexdigest() == "6050fc8f84da76dfa1e890844c6e598222122322f3592c7e0a461503b3026197"
    )
    assert (len(TRAIN), len(TEST)) == (150, 250)


def test_every_question_has_ten_paragraphs_of_which_two_matter():
    """Ten different titles; the supporting facts are sentences of two of them."""
    for row in ROWS:
        sentences = {title: sentences for title, sentences in row["context"]}
        facts = row["supporting_facts"]
        assert len(sentences) == 10
        assert len({title for title, _ in facts}) == 2
        assert all(0 <= index < len(sentences[title]) for title, index in facts)


def test_the_world_has_bridges_comparisons_and_yes_no_questions():
    """All kinds of question occur, in training and in test, and yes is about as frequent as no."""
    for rows in (TRAIN, TEST):
        kinds = Counter(row["type"] for row in rows)
        assert kinds["bridge"] > kinds["comparison"] > len(rows) / 5
    answers = Counter(row["answer"] for row in ROWS)
    assert min(answers["yes"], answers["no"]) >= 10


def test_a_bridge_needs_both_paragraphs():
    """The question names the first paragraph only, the first names the second, and only the second has the answer."""
    for row in (row for row in ROWS if row["type"] == "bridge"):
        (first, first_index), (second, second_index) = row["supporting_facts"]
        sentences = dict(row["context"])
        assert first in row["question"]
        assert second not in row["question"]
        assert row["answer"] not in row["question"]
        assert second in sentences[first][first_index]
        assert row["answer"] in sentences[second][second_index]
        assert [title for title, text in texts(row).items() if row["answer"] in text] == [second]


def test_a_comparison_names_both_paragraphs():
    """Both titles are in the question, and a title that is the answer is one of the two."""
    for row in (row for row in ROWS if row["type"] == "comparison"):
        titles = [title for title, _ in row["supporting_facts"]]
        assert all(title in row["question"] for title in titles)
        assert row["answer"] in [*titles, "yes", "no"]


def test_comparisons_have_the_right_answer():
    """Read from the supporting sentences alone: the earlier year, more inhabitants, or the same name."""
    for row in (row for row in ROWS if row["type"] == "comparison"):
        sentences = dict(row["context"])
        said = {title: sentences[title][index].strip() for title, index in row["supporting_facts"]}
        if row["answer"] in ("yes", "no"):
            last = {re.split(r" (?:in|by|of) ", sentence)[-1] for sentence in said.values()}
            assert (len(last) == 1) == (row["answer"] == "yes")
        else:
            numbers = {title: int(re.findall(r"[\d,]+", s)[-1].replace(",", "")) for title, s in said.items()}
            best = max if "more" in row["question"] else min
            assert best(numbers, key=numbers.__getitem__) == row["answer"]


def test_distractors_resemble_what_matters():
    """At least two other titles share the beginning of a name with a supporting one: words alone do not decide."""
    for row in ROWS:
        wanted = {title for title, _ in row["supporting_facts"]}
        stems = {word[:4] for title in wanted for word in title.split() if word not in ("The", "of", "Academy")}
        others = [title for title in texts(row) if title not in wanted]
        assert sum(any(word[:4] in stems for word in title.split()) for title in others) >= 2


def test_questions_and_names_are_used_once():
    """No question is asked twice and no title comes back in another row: training rows give nothing away."""
    titles = Counter(title for row in ROWS for title in texts(row))

    assert len({row["question"] for row in ROWS}) == len(ROWS)
    assert max(titles.values()) == 1


def test_the_names_do_not_exist(real_data):
    """None of the invented words is among the tens of thousands of the real rows."""
    invented = {word for row in ROWS for title in texts(row) for word in re.findall(r"[A-Z]\w+", title)}
    known = set()
    for path in real_data.glob("*/*.jsonl"):
        known |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))

    ordinary = "The Academy Bell Bridge Candle Clock Garden Harbour Lantern Mirror Orchard Salt Shadow Winter".split()
    assert len(invented) > 4000
    assert invented & known <= set(ordinary)


def test_the_script_writes_the_same_rows(tmp_path, capsys):
    """The door from outside: two JSONL files under the twin's own name."""
    assert main([str(tmp_path)]) == 0

    lines = (tmp_path / "closed_world" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == TEST
    assert "250 rows" in capsys.readouterr().out
    assert main([]) == 2
