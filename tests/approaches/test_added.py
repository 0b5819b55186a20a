"""Approaches that other distributions add by entry points."""

import subprocess
import sys

import pytest

from dspysota import Budget, ConfigError, ProgramError, approaches, create_optimizer, programs
from dspysota.errors import MetricError
from dspysota.experiment import known
from dspysota.testing import FakeServer, Fault
from tests.approaches.asking import DATA, TRAIN, fickle, prepare, shown

SHOUTING = '''
"""The program with its instructions in capitals."""

from dspysota.compiling.job import Outcome

ASKS_MODEL = {asks}

def apply(job):
    module = job.student()
    for predictor in module.predictors():
        predictor.signature = predictor.signature.with_instructions(predictor.signature.instructions.upper())
    return Outcome(module=module)
'''


ASKING = '''
"""The program as it is, once it has answered all training questions."""

import dspy
from dspysota.compiling.job import Outcome

ASKS_MODEL = True

def apply(job):
    module = job.student()
    with dspy.context(**job.dspy_settings()):
        for row in job.examples():
            {ask}
    return Outcome(module=module)
'''

FRAMED = "module(**row.inputs())"

HEEDLESS = """try:
                job.marks(row, module(**row.inputs()))
            except Exception:
                pass"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache of the test's own."""
    monkeypatch.setenv("DSPYSOTA_HOME", str(tmp_path / "home"))


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution as pip would: a module and a dist-info folder on sys.path."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))

    def installed(distribution, points, version="1.0", **modules):
        folder = site / f"{distribution}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (folder / "entry_points.txt").write_text(f"[dspysota.approaches]\n{lines}")
        for name, text in modules.items():
            (site / f"{name}.py").write_text(text)
            monkeypatch.delitem(sys.modules, name, raising=False)
        return site

    return installed


def test_an_installed_approach_is_one_like_ours(install):
    """It is named behind ours, known to profiles, and prepares programs."""
    install("shouting-lib", {"shouting": "shout_a"}, shout_a=SHOUTING.format(asks=False))
    with FakeServer(fickle) as server:
        prepared = prepare(server, "shouting")

    assert approaches.names()[:2] == ["zero_shot", "few_shot"]
    assert approaches.names()[-1] == "shouting"
    assert "shouting" in known().approaches
    assert approaches.origin("shouting") == "shouting-lib 1.0"
    assert approaches.origin("bootstrap") == ""
    assert prepared.module.predictors()[0].signature.instructions == "SOLVE THE MATH PROBLEM."


def test_one_that_asks_is_kept_under_its_version(install, tmp_path):
    """A program of another version of the distribution is not reused."""
    site = install("shouting-lib", {"shouting": "shout_b"}, shout_b=SHOUTING.format(asks=True))
    with FakeServer(fickle) as server:
        first, second = prepare(server, "shouting"), prepare(server, "shouting")
        (site / "shouting-lib-1.0.dist-info" / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: shouting-lib\nVersion: 1.1\n"
        )
        third = prepare(server, "shouting")

    assert [p.info.reused for p in (first, second, third)] == [False, True, False]
    assert shown(first) == shown(third)


@pytest.mark.parametrize("use_cache", [True, False])
def test_one_whose_budget_ends_is_one_sentence(install, use_cache):
    """However it asks: the budget is named, not the error that DSPy makes of it; what was paid for is kept."""
    install("asking-lib", {"asking": f"ask_{use_cache}"}, **{f"ask_{use_cache}": ASKING.format(ask=FRAMED)})
    with FakeServer(fickle) as server:
        with pytest.raises(ProgramError, match=r"^The budget of 1 calls is spent\. What was paid for is kept; give it"):
            prepare(server, "asking", budget=Budget(calls=1), use_cache=use_cache)
        prepared = prepare(server, "asking", budget=Budget(calls=100))

        assert len(server.requests) == prepared.info.calls == TRAIN


def test_one_that_minds_no_error_is_ended_all_the_same(install):
    """Where the server answers nothing the program would pass for one that was prepared."""
    install("heedless-lib", {"heedless": "heed_a"}, heed_a=ASKING.format(ask=HEEDLESS))
    with FakeServer("4", faults={"": Fault("error", 400)}) as server:
        with pytest.raises(ProgramError, match="gave up: every request so far failed"):
            prepare(server, "heedless")

        assert len(server.requests) < TRAIN


def test_one_that_minds_no_error_of_a_metric_is_ended_all_the_same(install):
    """As with our own."""
    install("heedless-lib", {"heedless": "heed_b"}, heed_b=ASKING.format(ask=HEEDLESS))

    def fails(example, answer):
        raise ZeroDivisionError

    with FakeServer(fickle) as server:
        lm = programs.make_lm(server.base_url, server.name, None, max_tokens=50)
        optimizer = create_optimizer("heedless", task="gsm8k", lm=lm, metric=fails, progress=False)
        with pytest.raises(MetricError, match="'fails' failed with ZeroDivisionError"):
            optimizer.compile(DATA.train)

        assert len(server.requests) == 1


def test_the_name_of_one_of_ours_is_taken(install):
    """The error names the distribution, in the list of names as well as on use."""
    install("cuckoo", {"bootstrap": "cuckoo_a"}, cuckoo_a=SHOUTING.format(asks=False))

    for act in (approaches.names, lambda: approaches.approach("bootstrap"), lambda: approaches.approach("zero_shot")):
        with pytest.raises(ConfigError, match=r"'bootstrap' of cuckoo 1\.0 has the name of one of dspysota itself"):
            act()


def test_two_distributions_may_not_share_a_name(install):
    """Which of two is meant is never guessed."""
    install("first-lib", {"loud": "loud_a"}, loud_a=SHOUTING.format(asks=False))
    install("second-lib", {"loud": "loud_b"}, loud_b=SHOUTING.format(asks=False))

    with pytest.raises(ConfigError, match=r"'loud' of .*-lib 1\.0 has the name of one of .*-lib 1\.0; uninstall"):
        approaches.names()


@pytest.mark.parametrize(
    "text, says",
    [
        ("ASKS_MODEL = False", "'odd_{n}', which has no apply; an approach is a module with ASKS_MODEL and apply"),
        ("def apply(job): ...", "has no ASKS_MODEL"),
        ("", "has no ASKS_MODEL and no apply"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0", "cannot be imported: ZeroDivisionError"),
    ],
)
def test_what_is_no_approach_is_one_sentence(install, text, says, request):
    """The distribution, the module and what it lacks are named; listing the names needs none of it."""
    name = f"odd_{abs(hash(request.node.name))}"
    install("odd-lib", {"odd": name}, **{name: text})

    assert "odd" in approaches.names()
    with pytest.raises(ConfigError, match=says.replace("odd_{n}", name)) as told:
        approaches.approach("odd")
    assert "'odd' of odd-lib 1.0" in str(told.value)


def test_an_unknown_name_is_told_with_the_added_ones(install):
    """The valid names are all of them."""
    install("shouting-lib", {"shouting": "shout_c"}, shout_c=SHOUTING.format(asks=False))

    with pytest.raises(ConfigError, match=r"no approach 'magic'; there are zero_shot, .*, shouting"):
        approaches.approach("magic")


def test_names_are_found_without_importing_dspy():
    """Whoever lists approaches need not wait for DSPy."""
    code = "import sys\nfrom dspysota import approaches\napproaches.names()\nprint('dspy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert run.stdout.strip() == "False"
