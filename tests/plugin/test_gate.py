"""`--sota-save`, `--sota-baseline` and `--sota-rule`: sessions that stay green, and sessions that must not."""

import json
from xml.etree import ElementTree

import pytest
import scipy.stats  # noqa: F401  sessions in this process must not each load it anew

from dspysota.compiling import saved
from dspysota.testing import FakeServer
from tests.lift.kept import instruct
from tests.plugin.projects import EVALS, MODEL, PROFILE, Project, added

pytest_plugins = ["pytester"]

BOTH = "approach: [zero_shot, few_shot]"


def forgetful(messages):
    """A model that adds as long as no more than two are added: seven questions of ten are lost, which is no noise."""
    text = added(messages)
    return "I forget." if int(text.rpartition(" ")[2]) > 4 else text


def imitating(messages):
    """A model that adds like the examples it is shown: wrongly, once one of them is wrong."""
    shown = [one["content"] for one in messages if one["role"] == "assistant"]
    questions = [one["content"] for one in messages if one["role"] == "user"]
    rights = [added([{"content": question}]).rpartition(" ")[2] for question in questions]
    if any(not answer.rstrip().endswith(f" {right}") for answer, right in zip(shown, rights, strict=False)):
        return "That makes 1000.\n#### 1000"
    return added(messages)


def obedient(messages):
    """A model that puts its answer where it can be read only when it is told how."""
    return "It is a number." if "Go." in messages[0]["content"] else added(messages)


@pytest.fixture
def home(tmp_path, monkeypatch, installed):
    """The cache that the measured command uses."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Sums(Project):
    """The project, measured by a server of its own each time. In this process, where that will do: it is faster."""

    def measured(self, answers, *arguments, profile=PROFILE, seconds=0.0, apart=False):
        with FakeServer(answers, name=MODEL, seconds=seconds) as server:
            return self.asked(server, *arguments, profile=profile, apart=apart)

    def asked(self, server, *arguments, profile=PROFILE, apart=False):
        self.profile(profile)
        self.arguments[-1] = server.base_url
        if apart:
            return self.run(*arguments)
        return self._pytester.runpytest_inprocess(*self.arguments, *arguments)


@pytest.fixture
def sums(installed):
    return Sums(installed, "http://127.0.0.1:9/v1")


def gate_of(project):
    return json.loads((project.latest / "outcomes.json").read_text())["gate"]


def found(project):
    """(word, fails) of every run of the gate, by approach."""
    return {
        one["name"].split(" · ")[3]: {(finding["metric"], finding["word"]) for finding in one["findings"]}
        for one in gate_of(project)["runs"]
    }


def test_the_first_session_makes_the_baseline_that_the_next_is_held_to(sums, monkeypatch):
    """The same command works on the first day and on every other; its exit code is pytest's."""
    summary = sums.path / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    first = sums.measured(added, "--sota-baseline", "main", "--sota-save", "main")
    same = sums.measured(added, "--sota-baseline", "main")
    worse = sums.measured(forgetful, "--sota-baseline", "main", "--sota-save", "main", "-q", "-n2", apart=True)

    assert [pytest.ExitCode.OK, pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED] == [first.ret, same.ret, worse.ret]
    first.stdout.fnmatch_lines(["*no baseline 'main' yet*", "baseline main: 2 runs saved in reports/baselines/main"])
    same.stdout.fnmatch_lines(["gate green against main: 2 OK"])
    worse.assert_outcomes(passed=2)
    worse.stdout.fnmatch_lines(
        [
            "gate red against main: 2 WORSE",
            "  WORSE *few_shot*: accuracy 1.000 -> 0.300 (-70.0pp, 95% -*..-*, n=10), allowed -2pp",
            "baseline main was left as it was: the gate against it is red*",
        ]
    )
    assert "gate red against main" in summary.read_text()
    assert 2 == summary.read_text().count("gate green against main") + summary.read_text().count("gate red against")


def test_every_report_shows_the_gate(sums, capsys):
    """What the terminal says is in the HTML file with the flipped examples, in the comment and in the JUnit file."""
    from dspysota.cli import main

    sums.measured(added, "--sota-save", "main", "-k", "zero_shot")
    _ = sums.measured(forgetful, "--sota-baseline", "main", "-k", "zero_shot")
    page, comment = ((sums.latest / name).read_text() for name in ("report.html", "summary.md"))
    suite = ElementTree.parse(sums.latest / "junit.xml")
    failed = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert main(["report", str(sums.latest)]) == 0

    assert 'id="regression"' in page
    assert "has 2 apples and gets 7 more" in page
    assert 'href="#run-1-case-' in page.split('id="regression"')[1].split("</section>")[0]
    assert "gate red against main: 1 WORSE" in comment
    assert "accuracy 1.000 -\\> 0.300" in comment
    assert ["dspysota.gate"] == [case.get("classname") for case in failed]
    assert ["WORSE"] == [one.get("type") for case in failed for one in case.iter("failure")]
    assert page == (sums.latest / "report.html").read_text()


def test_a_corrupted_demonstration_turns_the_gate_red(home, sums):
    """The score says that something is wrong, and the differences say where to look."""
    profile = PROFILE.replace(BOTH, "approach: bootstrap")
    with FakeServer(imitating, name=MODEL) as server:  # a program belongs to its endpoint
        sums.asked(server, "--sota-save", "main", profile=profile)
        corrupt(home)
        result = sums.asked(server, "--sota-baseline", "main", profile=profile)

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(
        [
            "  WORSE *bootstrap*: accuracy 1.000 -> 0.000 (-100.0pp*",
            "    not the same as in the baseline: program's text (sha256 * -> sha256 *)*",
        ]
    )


def corrupt(home):
    """Give every demonstration of the only program a wrong answer."""
    (folder,) = (home / "programs").iterdir()
    state = json.loads((folder / "program.json").read_text())
    for value in state.values():
        for demo in value["demos"]:
            demo |= {"reasoning": "That makes 77.", "answer": "77"}
    text = json.dumps(state, ensure_ascii=False, sort_keys=True, indent=1)
    meta = json.loads((folder / "meta.json").read_text())
    meta["info"]["program_digest"] = saved.digest_of(text)
    (folder / "program.json").write_text(text)
    (folder / "meta.json").write_text(json.dumps(meta))


def test_a_shortened_prompt_turns_the_gate_red(home, sums):
    """Fewer tokens are welcome, and do not make up for answers that nobody can read."""
    profile = PROFILE.replace(BOTH, "approach: bootstrap")
    with FakeServer(obedient, name=MODEL) as server:
        sums.asked(server, "--sota-save", "main", profile=profile)
        instruct(home, "Go.", demonstrations=False)
        result = sums.asked(server, "--sota-baseline", "main", profile=profile)

    words = {("exact_match", "WORSE"), ("tokens_per_question", "BETTER"), ("errors", "OK")}
    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert words == found(sums)["bootstrap"]


def test_doubled_latency_turns_the_gate_red(sums):
    """Where somebody asked for it: by default no second is judged, since machines differ."""
    chosen = ("-k", "zero_shot")
    sums.measured(added, "--sota-save", "main", *chosen, seconds=0.15)
    rule = ("--sota-rule", "p50_seconds:+20%", "--sota-rule", "p95_seconds:+30%")

    green = sums.measured(added, "--sota-baseline", "main", *chosen, seconds=0.3)
    red = sums.measured(added, "--sota-baseline", "main", *rule, *chosen, seconds=0.3)

    assert (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) == (green.ret, red.ret)
    red.stdout.fnmatch_lines(["  WORSE *: p50_seconds 0.* s -> 0.* s (+*%, 95% +*..+*, n=10), allowed +20%"])


def test_a_selection_is_held_to_what_it_selects(sums):
    """What nobody asked for is counted, what is not in the baseline is new, and what is missing from the profile is
    gone."""
    sums.measured(added, "--sota-save", "main", "-k", "zero_shot")
    more = sums.measured(added, "--sota-baseline", "main")
    sums.measured(added, "--sota-save", "main")
    fewer = sums.measured(added, "--sota-baseline", "main", "-k", "few_shot")
    removed = PROFILE.replace(BOTH, "approach: [few_shot]")
    gone = sums.measured(added, "--sota-baseline", "main", profile=removed)

    assert [0, 0, 1] == [more.ret, fewer.ret, gone.ret]
    more.stdout.fnmatch_lines(["gate green against main: 1 NEW, 1 OK", "  NEW *few_shot*"])
    fewer.stdout.fnmatch_lines(["gate green against main: 1 OK", "  1 run of the baseline was not asked for now."])
    gone.stdout.fnmatch_lines(["gate red against main: 1 GONE, 1 OK", "  GONE *zero_shot*no such cell any more*"])


def test_a_run_that_could_not_be_measured_is_gone(sums):
    """A test that fails before it has a run does not take its regression with it."""
    sums.measured(added, "--sota-save", "main")

    with FakeServer(added, name="another") as server:
        sums.arguments[-1] = server.base_url
        result = sums.run("--sota-baseline", "main", "-k", "zero_shot")

    assert 0 != result.ret
    result.stdout.fnmatch_lines(["gate red against main: 1 GONE", "  GONE *zero_shot*this session was to measure it*"])


def test_other_rows_are_refused(sums):
    """Ten questions are no baseline of five, and the sentence says so."""
    sums.measured(added, "--sota-save", "main", "-k", "zero_shot")

    result = sums.measured(added, "--sota-baseline", "main", "-k", "zero_shot", "--sota-limit", "5")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["  REFUSED *other rows (10 of gsm8k test, sha256 * -> 5 of gsm8k test, *"])


MARKED = EVALS.replace("@pytest.mark.sota(", '@pytest.mark.sota_gate("accuracy:-80pp")\n@pytest.mark.sota(')


def test_a_marker_gives_the_runs_of_its_test_rules_of_their_own(sums):
    """The session's other rules stay."""
    sums.measured(added, "--sota-save", "main", "-k", "zero_shot")
    sums.tests(MARKED)
    rule = ("--sota-rule", "accuracy:-1pp,errors:+1")
    result = sums.measured(forgetful, "--sota-baseline", "main", "-k", "zero_shot", *rule)
    rules = [finding["rule"] for run in gate_of(sums)["runs"] for finding in run["findings"]]

    assert pytest.ExitCode.OK == result.ret
    assert ["errors:+1", "tokens_per_question:+10%", "accuracy:-80pp"] == rules


def test_a_marker_that_cannot_be_meant_is_one_sentence(installed, server):
    """It fails the collection of its test, before anything is measured."""
    project = Project(installed, server.base_url)
    project.tests(MARKED.replace("accuracy:-80pp", "acuracy:-80pp"))

    result = project.run()

    assert 0 != result.ret
    result.stdout.fnmatch_lines(["*@pytest.mark.sota_gate: Rule 'acuracy:-80pp'*did you mean 'accuracy'*"])
    assert not server.requests


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--sota-baseline", "man"], "--sota-baseline: 'man' is neither a baseline nor a folder"),
        (["--sota-rule", "accuracy:+2pp"], "--sota-rule: Rule 'accuracy:+2pp' has the wrong sign"),
        (["--sota-baseline", ""], "--sota-baseline is empty; it must be NAME|FILE|DIR, or be left out"),
        (["--sota-save="], "--sota-save is empty; it must be NAME"),
        (["--sota-save", "../x"], "--sota-save: '../x' cannot be the name of a baseline"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(installed, server, arguments, said):
    """One sentence and pytest's exit code for usage."""
    result = Project(installed, server.base_url).run(*arguments)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    assert said in result.stderr.str()
    assert not server.requests


def test_a_run_that_missed_its_bar_is_no_baseline(sums):
    """What later runs are held to must hold itself."""
    result = sums.measured(
        added,
        "--sota-save",
        "main",
        profile=PROFILE.replace("errors: 0", "tokens_per_question: 60"),
    )

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["not saved: *few_shot*: it missed its bar*", "baseline main: 1 run saved*"])


def test_the_session_s_own_folder_is_no_baseline(sums):
    """`latest` is read before the session makes another one of it."""
    sums.measured(added, "-k", "zero_shot")

    result = sums.measured(forgetful, "--sota-baseline", "reports/latest", "-k", "zero_shot")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["gate red against reports/latest: 1 WORSE"])


def test_a_raised_price_turns_the_gate_red(sums):
    """Nothing was measured differently: the same tokens cost more, and the finding names the price."""
    price = "smollm2-135m: {price: {prompt: 0.1, completion: 0.3}}"
    cheap = PROFILE.replace("smollm2-135m: {}", price)
    dear = cheap.replace("0.1,", "0.2,")
    rule = ("--sota-rule", "usd_per_question:+10%", "-k", "zero_shot")
    sums.measured(added, "--sota-save", "main", "-k", "zero_shot", profile=cheap)

    same = sums.measured(added, "--sota-baseline", "main", *rule, profile=cheap)
    red = sums.measured(added, "--sota-baseline", "main", *rule, profile=dear)

    assert (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) == (same.ret, red.ret)
    red.stdout.fnmatch_lines(
        ["  WORSE *: usd_per_question $* -> $* (+*%, 95% +*..+*, n=10), allowed +10%; price tokens.prompt (0.1 -> 0.2)"]
    )
