"""Questions asked a second time within a run tell how many answers change by themselves."""

import json
import re
import threading
from collections import Counter
from xml.etree import ElementTree

from dspysota.testing import FakeServer
from tests.plugin.projects import MODEL, PROFILE, Project, added, asked
from tests.plugin.test_limits import PRICED, spent

pytest_plugins = ["pytester"]

CLAIM = "claim: {quality_ratio: 0.9}\ncells:"

CLAIMED = (
    PROFILE.replace("cells:", CLAIM).replace("[zero_shot, few_shot]", "zero_shot")
    + "  - {task: gsm8k, model: smollm2-135m, approach: few_shot, role: reference}\n"
)


class Moody:
    """Right at the first asking, wrong at every later one, as a server is whose batches differ."""

    def __init__(self):
        self._seen: Counter[str] = Counter()
        self._alone = threading.Lock()

    def __call__(self, messages):
        question = str(messages)
        with self._alone:
            self._seen[question] += 1
            first = self._seen[question] == 1
        return added(messages) if first else "That makes nothing.\n#### 0"


def again(project):
    lines = (project.latest / "again.jsonl").read_text().splitlines()
    return [json.loads(line)["case"] for line in lines]


def test_second_askings_reach_the_server_and_stay_out_of_the_score(project, server):
    """The server's own record shows them; scores, cases and tokens of the run are those of the first answers."""
    result = project.run("-k", "zero_shot", "--sota-ask-twice", "0.3")

    result.assert_outcomes(passed=1)
    counts = Counter(asked(server))
    assert {1: 5, 2: 5} == Counter(counts.values())  # five at least, although three would be 0.3
    assert 10 == len(project.cases())
    assert sorted(n for n, times in counts.items() if times == 2) == sorted(
        int(re.findall(r"gets (\d+) more", case["question"])[0]) for case in again(project)
    )
    result.stdout.fnmatch_lines(["*zero_shot*: 10/10 + 5/5 again, exact_match 1.000 ?0.722, 1.000?, * q/s, took 0:0*"])
    result.stdout.fnmatch_lines(["*of 5 questions asked twice, 0 changed their score (0.000 ?0.000, 0.43*"])
    result.stdout.no_fnmatch_line("*warning:*")


def test_the_same_questions_are_asked_twice_every_time(project, server):
    """The choice is seeded: two sessions differ in nothing."""
    names = []
    for _ in range(2):
        project.run("-k", "zero_shot", "--sota-ask-twice", "0.6")
        names.append(sorted(case["case_id"] for case in again(project)))

    assert 6 == len(names[0])
    assert names[0] == names[1]


def test_changed_answers_are_reported_everywhere_with_what_they_endanger(installed):
    """Flip rates with intervals in every report, a warning for the claim's margin, and one for greedy answers."""
    with FakeServer(Moody(), name=MODEL) as server:
        project = Project(installed, server.base_url)
        project.profile(CLAIMED)
        result = project.run("--sota-ask-twice", "1")

    result.stdout.fnmatch_lines(
        [
            "*of 10 questions asked twice, 10 changed their score (1.000 ?0.72*, 1.000?) and 10 their prediction*",
            "*warning: scores change by themselves for 1.000 of the questions, more than the 0.0?? that the claim*",
            "*warning: the same greedy request (temperature 0) was answered differently, perhaps since other*",
        ]
    )
    page = (project.latest / "report.html").read_text()
    assert "Asked twice" in page
    assert "same greedy request" in page
    assert "of 10 questions asked twice" in (project.latest / "summary.md").read_text()
    suite = ElementTree.parse(project.latest / "junit.xml")
    flips = {one.get("value") for one in suite.iter("property") if one.get("name") == "score_flips"}
    assert {"1.000000"} == flips


def test_the_report_can_be_made_again_from_its_folder(installed):
    """Second answers are in the folder, and so is the margin of the claim."""
    with FakeServer(Moody(), name=MODEL) as server:
        project = Project(installed, server.base_url)
        project.profile(CLAIMED)
        project.run("--sota-ask-twice", "1")
    page = (project.latest / "report.html").read_text()

    installed.run("python", "-m", "dspysota.cli", "report", "reports/latest")

    assert page == (project.latest / "report.html").read_text()


def test_what_second_answers_cost_counts_against_the_limit_and_is_gone_on_with(project, server):
    """A run without its second answers is not whole, and asks only for what is missing."""
    project.profile(PRICED)

    result = project.run("-k", "zero_shot", "--sota-ask-twice", "1", "--sota-max-cost", "0.9")

    result.assert_outcomes(failed=1)
    assert 0 < len(asked(server)) < 20
    assert 0.4 < spent(project) <= 0.9

    project.run("-k", "zero_shot", "--sota-ask-twice", "1", "--sota-max-cost", "50").assert_outcomes(passed=1)
    assert sorted(2 * list(range(10))) == asked(server)
    assert (10, 10) == (len(project.cases()), len(again(project)))
