"""What a claim's verdict does to its test, and where it is shown."""

from xml.etree import ElementTree

import pytest

from tests.plugin.claimed import EVALS, PROFILE

pytest_plugins = ["pytester"]


def claim_case(project):
    """The claim's test case in the JUnit file: its properties, and the tags below it."""
    (case,) = ElementTree.parse(project.latest / "junit.xml").findall(".//testcase[@classname='dspysota.claim']")
    values = {one.get("name"): one.get("value") for one in case.iter("property")}
    return values, [child.tag for child in case if child.tag != "properties"]


def counts(result):
    """What pytest counted, such as {"passed": 1, "inconclusive": 1}."""
    return {kind: n for kind, n in result.parseoutcomes().items() if kind != "deselected"}


def test_a_pass_is_the_first_thing_seen(claimed):
    """On the terminal, in the summary, on top of the page, and in the JUnit file with its ratio."""
    project = claimed(right=40)

    result = project.run()
    values, tags = claim_case(project)

    assert {"passed": 1} == counts(result)
    result.stdout.fnmatch_lines(
        [
            "PASS * zero_shot (measured) against * zero_shot (baseline, measured), error rate 5%",
            "  PASS * quality: exact_match 1.000 against 1.000; ratio 1.000 (0.*..*), claimed at least 0.9; p *, 40 *",
            "*baseline, the claim's: PASS;*",
            "*same_program: PASS;*",
            "*best: PASS;*",
            "*run*n*score*",
        ]
    )
    assert ("PASS", "1", "baseline", []) == (values["verdict"], values["ratio"], values["policy"], tags)
    assert 0.9 < float(values["ratio_low"]) < float(values["ratio_high"])
    summary, page = ((project.latest / name).read_text() for name in ("summary.md", "report.html"))
    assert summary.splitlines()[0].startswith("### dspysota: sums: The claim: PASS; ")
    assert "**PASS** gsm8k" in summary
    assert page.index("The claim: PASS") < page.index('<p class="under">')


def test_a_claim_that_is_refuted_fails_its_test(claimed):
    """The failure is told in words, and the page is red from the top."""
    project = claimed(right=20)

    result = project.run()
    values, tags = claim_case(project)

    assert {"failed": 1} == counts(result)
    result.stdout.fnmatch_lines(["E*assert FAIL: *", "FAIL *"])
    assert ("FAIL", ["failure"]) == (values["verdict"], tags)
    page = (project.latest / "report.html").read_text()
    assert '<header class="banner failed">' in page
    assert "The claim: FAIL" in page
    assert "for another reason than a bar" not in page


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_an_undecided_claim_is_an_outcome_of_its_own(claimed, workers):
    """It fails its test, since it opens no gate, but is counted apart from what was refuted."""
    project = claimed(right=37)

    result = project.run(workers)
    values, tags = claim_case(project)

    assert ({"inconclusive": 1}, pytest.ExitCode.TESTS_FAILED) == (counts(result), result.ret)
    result.stdout.fnmatch_lines(["INCONCLUSIVE *", "  INCONCLUSIVE *quality: *more examples would probably settle it*"])
    assert ("INCONCLUSIVE", ["failure"]) == (values["verdict"], tags)
    assert int(values["more_examples"]) > 0
    assert "The claim: INCONCLUSIVE" in (project.latest / "summary.md").read_text().splitlines()[0]


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_an_undecided_claim_may_pass_with_a_warning(claimed, workers):
    """Under --sota-inconclusive=warn, even where warnings are errors; it is counted apart all the same."""
    project = claimed(right=37)
    (project.path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")

    result = project.run(workers, "--sota-inconclusive=warn")
    _, tags = claim_case(project)

    assert ({"inconclusive": 1, "warnings": 1}, pytest.ExitCode.OK) == (counts(result), result.ret)
    result.stdout.fnmatch_lines(["*UndecidedClaim: INCONCLUSIVE: *"])
    assert ["skipped"] == tags
    assert '<header class="banner undecided">' in (project.latest / "report.html").read_text()


def test_a_refuted_claim_fails_whatever_an_undecided_one_may_do(claimed):
    """Of two claims in a test the undecided one does not hide the other."""
    project = claimed(right=37)
    project.tests(
        EVALS.replace("assert", "from dspysota import Claim\n    versus = sota.versus(cell)\n    assert")
        + "    assert versus >= Claim(quality=1.5)\n"
    )

    result = project.run("--sota-inconclusive=warn")

    assert {"failed": 1} == counts(result)
    assert {"INCONCLUSIVE", "FAIL"} == {str(one.verdict.outcome) for one in project.meta().verdicts}


@pytest.mark.parametrize("right,kind,word", [(20, "passed", "FAIL"), (37, "inconclusive", "INCONCLUSIVE")])
def test_a_claim_that_is_no_gate_is_told_and_fails_nothing(claimed, right, kind, word):
    """Under `gate: false` the verdict has the same word everywhere, the page its colour, and a warning names it."""
    project = claimed(right=right)
    project.profile(PROFILE.replace("{quality_ratio: 0.9}", "{quality_ratio: 0.9, gate: false}"))

    result = project.run()
    values, tags = claim_case(project)

    assert ({kind: 1, "warnings": 1}, pytest.ExitCode.OK) == (counts(result), result.ret)
    result.stdout.fnmatch_lines([f"*Claim: {word}: *"])
    assert (word, "failure" in tags) == (values["verdict"], False)
    colour = {"FAIL": "failed", "INCONCLUSIVE": "undecided"}[word]
    page = (project.latest / "report.html").read_text()
    assert f'<header class="banner {colour}">' in page
    assert f"The claim: {word}" in page


def test_a_test_of_its_own_claim_fails_though_the_profiles_is_no_gate(claimed):
    """`gate: false` is said of the profile's claim alone."""
    project = claimed(right=20)
    project.profile(PROFILE.replace("{quality_ratio: 0.9}", "{quality_ratio: 0.9, gate: false}"))
    project.tests(EVALS.replace(">= claim", '>= __import__("dspysota").Claim(quality=0.95)'))

    assert {"failed": 1} == counts(project.run())


def test_what_a_test_expects_fails_nothing(claimed):
    """A test may assert that a claim does not hold; the verdict is shown, and the page is not red for it."""
    project = claimed(right=20)
    project.tests(EVALS.replace("assert sota.versus(cell) >= claim", "assert not sota.versus(cell) >= claim"))

    result = project.run()
    values, tags = claim_case(project)

    assert {"passed": 1} == counts(result)
    assert ("FAIL", []) == (values["verdict"], tags)
    assert '<header class="banner failed">' not in (project.latest / "report.html").read_text()


def test_a_test_that_fails_otherwise_is_not_inconclusive(claimed):
    """What another assertion says after an undecided claim that was let pass is a failure like any other."""
    project = claimed(right=37)
    project.tests(EVALS.replace("assert sota", "undecided = sota") + "    assert undecided.outcome == 'PASS'\n")

    assert {"failed": 1} == counts(project.run("--sota-inconclusive=warn"))


def test_under_q_an_undecided_claim_says_why_it_failed(claimed):
    """pytest shows no failure of an outcome that it does not know."""
    result = claimed(right=37).run("-q")

    result.stdout.fnmatch_lines(["dspysota: *INCONCLUSIVE *", "1 inconclusive in *"])


@pytest.mark.parametrize(
    "said,arguments,expected",
    [
        (("", "", ""), [], "fail"),
        (("inconclusive: warn", "", ""), [], "warn"),
        (("inconclusive: warn", "fail", ""), [], "fail"),
        (("inconclusive: fail", "fail", "warn"), [], "warn"),
        (("inconclusive: fail", "fail", "fail"), ["--sota-inconclusive", "warn"], "warn"),
    ],
)
def test_who_says_what_an_undecided_claim_does(installed, monkeypatch, said, arguments, expected):
    """Command line, environment, ini file, profile: the nearest to the user's hands counts; without any it fails."""
    from dspysota.plugin.session import SotaSession

    profile, ini, environment = said
    (installed.path / "mine.yaml").write_text(f"name: mine\n{profile}\n")
    installed.makeini(f"[pytest]\nsota_inconclusive = {ini}\n")
    monkeypatch.setenv("DSPYSOTA_INCONCLUSIVE", environment)
    config = installed.parseconfig("--sota-profile", "./mine.yaml", "--rootdir", str(installed.path), *arguments)

    assert expected == SotaSession(config).inconclusive


def test_a_word_that_is_neither_is_refused(installed):
    """With the valid ones, before anything is measured."""
    result = installed.runpytest_inprocess("--sota-inconclusive", "ignore")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    assert "--sota-inconclusive is 'ignore'; it must be fail or warn." in result.stderr.str()


def test_a_published_number_cannot_pass(claimed):
    """Whatever is claimed against it: the test fails, and says that nothing was decided."""
    project = claimed(right=40)
    project.tests(
        "from dspysota import Claim, Published\nimport pytest\n\n"
        "@pytest.mark.sota(task='gsm8k', role='candidate')\n"
        "def test_claim(sota, cell):\n"
        "    paper = Published(name='large, 8-shot', metric='exact_match', score=0.5, source='A paper, Table 1')\n"
        "    assert sota.run(cell).vs(paper) >= Claim(quality=0.9)\n"
    )

    result = project.run("--sota-inconclusive=warn")

    assert {"failed": 1} == counts(result)
    result.stdout.fnmatch_lines(["E*assert DESCRIPTIVE: *", "E*An assertion against it cannot pass.*", "DESCRIPTIVE *"])


def test_a_cost_that_cannot_be_counted_is_refused_before_anything_is_asked(claimed):
    """Neither a basis nor a price: one sentence with the cure, and no hour of measuring for nothing."""
    project = claimed(right=40)
    for basis, said in (("", "add `cost: list`"), ("cost: list\n", "has no price")):
        project.profile(basis + PROFILE.replace("quality_ratio: 0.9", "quality_ratio: 0.9, cost_ratio: 0.05"))

        result = project.run()

        assert pytest.ExitCode.USAGE_ERROR == result.ret
        assert said in result.stderr.str()
    assert (0, 0) == project.questions


def test_a_cost_is_decided_beside_the_quality(claimed):
    """By parameters times tokens: the larger model's answers cost more, and the verdict names the unit."""
    project = claimed(right=40)
    project.profile("cost: parameters\n" + PROFILE.replace("quality_ratio: 0.9", "quality_ratio: 0.9, cost_ratio: 0.5"))

    result = project.run()

    assert {"passed": 1} == counts(result)
    result.stdout.fnmatch_lines(["*PASS*cost: * against * a question; ratio *, claimed at most 0.5*"])


def test_a_report_is_written_again_with_its_verdicts(claimed):
    """From the folder alone, byte by byte the same."""
    from dspysota.cli import main

    project = claimed(right=40)
    project.run()
    names = ("report.html", "summary.md", "junit.xml", "outcomes.json")
    before = {name: (project.latest / name).read_text() for name in names}

    assert 0 == main(["report", str(project.latest)])
    assert before == {name: (project.latest / name).read_text() for name in names}
