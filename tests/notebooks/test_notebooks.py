"""The notebooks: every cell runs, every plot shows something, and what is committed is what the cells say."""

import io
import json
import re
import sys
import time

import matplotlib.image
import nbformat
import pytest

from dspysota import load_runs, tasks
from dspysota.tasks import DataSource
from dspysota.testing import FakeServer
from scripts import notebooks, record_notebooks
from tests.factories import make_run

DATA = notebooks.FOLDER / "data" / "embedded"
LEAST_COLOURS = 3
"""An empty frame has two: paper and ink."""

PROFILE = """
name: live
concurrency: 8
rows: {gsm8k: 12, hotpotqa: 12}
cost: parameters
optimize: {train: 8, validation: 4}
models:
  qwen2.5-coder-0.5b: {base_url: "SMALL"}
  qwen2.5-coder-1.5b: {base_url: "LARGE"}
cells:
  - {task: [gsm8k, hotpotqa], model: qwen2.5-coder-0.5b, approach: zero_shot, adapter: chat, role: baseline}
  - {task: [gsm8k, hotpotqa], model: qwen2.5-coder-0.5b, approach: [zero_shot, bootstrap]}
  - {task: [gsm8k, hotpotqa], model: qwen2.5-coder-1.5b, approach: zero_shot, role: reference}
"""


@pytest.fixture(scope="module")
def executed(request):
    """Each notebook executed once, on its stored runs, with the seconds that it took."""
    made = {}
    for name in notebooks.names():
        began = time.perf_counter()
        made[name] = notebooks.executed(notebooks.read(name), {"DSPYSOTA_LIVE": ""})
        seconds = time.perf_counter() - began
        with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
            sys.stderr.write(f"\n  {name}: {seconds:.0f} s")
    return made


def colours(picture):
    pixels = matplotlib.image.imread(io.BytesIO(picture), format="png")
    return {tuple(pixel) for row in pixels for pixel in row.round(2).tolist()}


@pytest.mark.parametrize("name", notebooks.names())
def test_every_cell_runs_and_says_what_is_committed(executed, name):
    """Executed anew, each cell prints the text that the repository has: to the last digit, wherever it runs."""
    assert notebooks.texts(executed[name]) == notebooks.texts(notebooks.read(name))


@pytest.mark.parametrize("name", notebooks.names())
def test_plots_are_not_empty(executed, name):
    """A fresh plot and the committed one both show more than a frame; there are as many as cells that show one."""
    fresh, kept = (notebooks.pictures(one) for one in (executed[name], notebooks.read(name)))

    wanted = sum("plt.show()" in cell.source for cell in executed[name].cells)
    assert wanted == len(fresh) == len(kept) >= 3
    assert [len(colours(one)) >= LEAST_COLOURS for one in (*fresh, *kept)] == [True] * 2 * wanted


@pytest.mark.parametrize("name", notebooks.names())
def test_a_notebook_is_committed_as_it_is_executed(name):
    """Nothing of a machine, a moment or an error is in it: no path, no time stamp, no warning."""
    text = (notebooks.FOLDER / name).read_text()
    notebook = notebooks.read(name)

    assert notebook == notebooks.tidied(nbformat.reads(text, as_version=4))
    assert not re.search(r'"(/|~/|[A-Z]:\\\\)\w+/', text)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert {output.name for output in outputs if output.output_type == "stream"} <= {"stdout"}


def test_stored_runs_are_small_whole_and_of_twins():
    """What is shown may be shown: no row of a published benchmark, no address but the loopback's, no path."""
    runs = load_runs(DATA)

    assert sum(path.stat().st_size for path in DATA.rglob("*")) <= 1_500_000
    assert {run.info.data.source for run in runs} == {"twin"}
    assert {run.info.role for run in runs} == {"baseline", "candidate", "reference"}
    assert all(len(run.cases) == run.info.data.rows for run in runs)
    assert all(run.info.model.backend.startswith("vllm") and run.info.provenance == "measured" for run in runs)
    assert not re.search(r"/(home|root|tmp|work|Users)/", (DATA / "run.json").read_text())


def test_rows_of_a_benchmark_are_not_recorded(tmp_path, capsys):
    """They belong to others; the script says how to measure on a twin instead."""
    from dspysota.store import write_finished

    write_finished(tmp_path, [make_run()])

    assert record_notebooks.main([str(tmp_path), "--output", str(tmp_path / "kept")]) == 1
    assert "only those of the offline twins may be kept" in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()


def test_recording_keeps_scores_and_drops_prompts(tmp_path):
    """Recorded again, the stored runs are what they were: prompts of the first questions only."""
    assert record_notebooks.main([str(DATA), "--output", str(tmp_path / "kept")]) == 0

    assert load_runs(tmp_path / "kept") == load_runs(DATA)
    for run in load_runs(DATA):
        with_prompts = [bool(case.calls[0].messages) for case in run.cases]
        assert with_prompts == [place < record_notebooks.WITH_PROMPTS for place in range(len(run.cases))]


def test_live_a_notebook_measures_by_itself(tmp_path, monkeypatch):
    """With one variable the comparison asks servers, here fake ones that are sometimes right."""
    gold: dict[str, str] = {}
    for name in tasks.names():
        data = tasks.get(name).load(DataSource(offline=True, announce=lambda _: None), seed=0)
        gold |= {row.question: row.gold for split in (data.splits.train, data.splits.test) for row in split}

    def answers(every):
        def answer(messages):
            asked = next((q for q in gold if q in messages[-1]["content"]), "")
            return f"Answer: {gold[asked]}" if asked and len(asked) % every == 0 else "Answer: none"

        return answer

    with FakeServer(answers(3), name="qwen2.5-coder-0.5b") as small, FakeServer(
        answers(2), name="qwen2.5-coder-1.5b"
    ) as large:
        profile = tmp_path / "live.yaml"
        profile.write_text(PROFILE.replace("SMALL", small.base_url).replace("LARGE", large.base_url))
        root = tmp_path / "root"
        (root / "notebooks" / "data").mkdir(parents=True)
        notebook = notebooks.read("comparison.ipynb")
        here = notebook.cells[1].source.replace("Path.cwd(), *Path.cwd().parents", f'Path("{root}"),')
        notebook.cells[1].source = here
        done = notebooks.executed(
            notebook,
            {
                "DSPYSOTA_LIVE": "1",
                "DSPYSOTA_PROFILE": str(profile),
                "DSPYSOTA_HOME": str(tmp_path / "home"),
                "HF_HUB_OFFLINE": "1",
            },
        )

    assert len(notebooks.pictures(done)) == len(notebooks.pictures(notebooks.read("comparison.ipynb")))
    assert small.requests
    assert large.requests
    manifest = json.loads((root / "reports" / "latest" / "run.json").read_text())
    assert (manifest["status"], len(manifest["runs"])) == ("finished", 8)
    assert (root / "reports" / "latest" / "report.html").is_file()
