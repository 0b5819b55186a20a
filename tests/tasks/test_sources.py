import pytest

from dspysota import tasks
from dspysota.errors import DataError
from dspysota.tasks import DataSource
from tests.tasks.rows import hotpotqa_row


def load(name, folder, announce=lambda line: None):
    return tasks.get(name).load(DataSource(directory=folder, announce=announce), seed=0)


def test_the_source_is_announced_on_one_line(write):
    """Which rows were taken, from where, and how many."""
    lines: list[str] = []

    load("gsm8k", write(), lines.append)

    assert lines == ["gsm8k: gsm8k from directory rows (directory, as given): 20 training and 20 test rows"]


@pytest.mark.parametrize("name, file", [("gsm8k", "gsm8k/test.jsonl"), ("hotpotqa", "hotpotqa/dev.jsonl")])
def test_a_given_directory_without_a_file_is_an_error(name, file, write):
    """What the user pointed at is never silently replaced by another source."""
    folder = write()
    (folder / file).unlink()

    with pytest.raises(DataError, match=f"has no file '{file}'"):
        load(name, folder)


def test_a_directory_that_does_not_exist_is_an_error(tmp_path):
    """The error names the directory and what it should hold."""
    with pytest.raises(DataError, match=r"nowhere' has no file 'gsm8k/train.jsonl' and no file 'gsm8k/test.jsonl'"):
        load("gsm8k", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "line, problem",
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object but list"),
        ("[" * 100_000, "is not JSON"),
        ('{"question": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"answer": "#### 1"}', "has no text in 'question'"),
        ('{"question": " ", "answer": "#### 1"}', "has no text in 'question'"),
        (r'{"question": "Q \ud800?", "answer": "#### 1"}', "half a character"),
        (r'{"question": "Q?", "answer": "#### 1", "hints": [{"a\uDFFF": 1}]}', "half a character"),
        ('{"question": "Q?", "answer": 1}', "has no 'answer'"),
        ('{"question": "Q?", "answer": "It is 1."}', "has no 'answer'"),
        ('{"question": "Q?", "answer": "#### many"}', "'many' after '####'"),
    ],
)
def test_a_malformed_line_is_named_by_file_and_line(line, problem, write):
    """Every row is checked, also one that no split would take."""
    good = '{"question": "Good?", "answer": "#### 1"}'
    folder = write(gsm8k_train=[good, "", line])

    with pytest.raises(DataError, match=r"train.jsonl' line 3 ") as error:
        load("gsm8k", folder)

    assert problem in str(error.value)


@pytest.mark.parametrize(
    "field, value",
    [
        ("question", None),
        ("answer", ""),
        ("context", []),
        ("context", [["title"]]),
        ("context", [["title", "text"]]),
        ("context", [["title", [1]]]),
        ("context", {"title": ["a"], "sentences": []}),
        ("supporting_facts", []),
        ("supporting_facts", [["title", "0"]]),
        ("supporting_facts", "title"),
    ],
)
def test_a_malformed_hotpotqa_row_is_named(field, value, write):
    """The error says which field is wrong, and where."""
    folder = write(hotpotqa_dev=[hotpotqa_row(1), hotpotqa_row(2, **{field: value})])

    with pytest.raises(DataError, match=rf"dev.jsonl' line 2 has no .*'{field}'"):
        load("hotpotqa", folder)


def test_bytes_that_are_no_text_are_named(write):
    """A file in another encoding is malformed, not a crash."""
    folder = write()
    (folder / "gsm8k" / "test.jsonl").write_bytes(b'{"question": "\xff\xfe?", "answer": "#### 1"}\n')

    with pytest.raises(DataError, match=r"test.jsonl' line 1 is not JSON"):
        load("gsm8k", folder)


def test_half_a_character_as_bytes_is_named_and_a_whole_one_read(write):
    """No server can be asked a text that cannot be encoded; two halves make a character, which can."""
    folder = write(gsm8k_test=[r'{"question": "\ud83d\ude00?", "answer": "#### 1"}'])
    assert "\U0001f600?" == load("gsm8k", folder).take(1)[0].question

    (folder / "gsm8k" / "test.jsonl").write_bytes(b'{"question": "\xed\xa0\x80?", "answer": "#### 1"}\n')
    with pytest.raises(DataError, match=r"test.jsonl' line 1 holds half a character"):
        load("gsm8k", folder)


def test_the_columns_of_the_hub_give_the_same_example(write):
    """The hub keeps titles and sentences in columns; the example made of them is the same."""
    row = hotpotqa_row(107)
    columns = {key: row[key] for key in ("question", "answer", "type", "level")} | {
        "id": row["_id"],
        "context": {"title": [t for t, _ in row["context"]], "sentences": [s for _, s in row["context"]]},
        "supporting_facts": {
            "title": [t for t, _ in row["supporting_facts"]],
            "sent_id": [i for _, i in row["supporting_facts"]],
        },
    }

    original = load("hotpotqa", write(hotpotqa_dev=[row])).take(1)
    hub = load("hotpotqa", write(hotpotqa_dev=[columns])).take(1)

    assert hub == original


@pytest.mark.parametrize(
    "given, env, directory, offline",
    [
        (None, {}, None, False),
        (None, {"DSPYSOTA_DATA": "/rows"}, "/rows", False),
        ("/mine", {"DSPYSOTA_DATA": "/rows"}, "/mine", False),
        (None, {"DSPYSOTA_DATA": "", "HF_HUB_OFFLINE": "1"}, None, True),
        (None, {"HF_HUB_OFFLINE": "0"}, None, False),
    ],
)
def test_the_environment_names_directory_and_offline_mode(given, env, directory, offline):
    """An argument goes before DSPYSOTA_DATA; HF_HUB_OFFLINE keeps off the network."""
    source = DataSource.from_environment(given, env)

    assert (None if source.directory is None else str(source.directory), source.offline) == (directory, offline)


@pytest.mark.parametrize("name, counts", [("gsm8k", (200, 300, 800)), ("hotpotqa", (70, 30, 250))])
def test_the_real_rows_load_and_prove_themselves(name, counts, real_data):
    """All real rows at hand parse, split without overlap, and are scored right and wrong as they should."""
    splits = load(name, real_data).splits

    assert len(splits.test) >= counts[2]
    assert len(splits.train) >= counts[0]
    assert len(splits.validation) >= counts[1]
    if name == "hotpotqa":
        assert all(len(row.inputs["paragraphs"]) <= 10 for row in splits.test)
