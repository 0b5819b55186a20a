"""Prices in profiles: written there, in a file, or in the packaged table."""

import socket
import subprocess
import sys

import pytest

from dspysota import ConfigError, profiles
from tests.profiles.test_profiles import KNOWN

CELL = "{task: gsm8k, model: phi-2, approach: zero_shot}"
PHI = "{provider: together, model: microsoft/phi-2, date: 2026-11-01}"


@pytest.fixture
def price(tmp_path):
    """The price of phi-2 in a profile that says so; a file of prices lies beside it."""
    (tmp_path / "prices.yaml").write_text(
        "small: {prompt: 0.02, completion: 0.03}\n"
        "large: {prompt: 1, completion: 2, cached: 0.5, provider: us, source: our contract of May}\n"
        "torn: {prompt: 1}\nflat: 3\n"
    )

    def price(words):
        path = tmp_path / "mine.yaml"
        path.write_text(f"name: p\nmodels: {{phi-2: {{price: {words}}}}}\ncells: [{CELL}]\n")
        return profiles.load(str(path), root=tmp_path, known=KNOWN).use("phi-2").price

    return price


@pytest.mark.parametrize(
    "words,prompt,completion,cached",
    [
        ("{prompt: 0.1, completion: 0.2}", 0.1, 0.2, None),
        ("{prompt: 1, completion: 2, cached: 0.05}", 1, 2, 0.05),
        ("{file: prices.yaml, model: small}", 0.02, 0.03, None),
        ("{file: prices.yaml, model: large}", 1, 2, 0.5),
        (PHI, 0.1, 0.1, None),
    ],
)
def test_a_price_is_written_or_looked_up(price, words, prompt, completion, cached):
    """In dollars per million tokens, whatever names it; a price of cached tokens is there where one is known."""
    found = price(words)

    assert (prompt, completion, cached) == (found.prompt, found.completion, found.cached)


def test_a_price_says_where_it_is_from(price):
    """Source and date in words, and whose price it is: reports say so, and prices of one provider can be compared."""
    table, mine, ours = (
        price(PHI),
        price("{file: prices.yaml, model: small}"),
        price("{file: prices.yaml, model: large}"),
    )

    assert "together" == table.provider
    assert "microsoft/phi-2 at Together AI on 2026-11-01, by genai-prices 0.2." in table.source
    assert ("prices.yaml", "small in prices.yaml") == (mine.provider, mine.source)
    assert ("us", "our contract of May") == (ours.provider, ours.source)
    assert "as the profile says" == price("{prompt: 1, completion: 1}").source


def test_a_table_price_is_that_of_its_date(price):
    """A provider that changed a price has another one before; the same date gives the same price for ever."""
    words = "{{provider: zhipuai, model: GLM-5.3-Flash, date: {}}}"

    assert 2 * price(words.format("2026-09-09")).prompt == price(words.format("2026-09-10")).prompt


def test_a_table_price_needs_no_network(price, monkeypatch):
    """The table is data in the installed package; not even a name is resolved."""

    def refuse(*args, **kwargs):
        raise AssertionError("a connection was tried")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)

    assert 0.1 == price(PHI).prompt


def test_the_table_is_loaded_only_where_it_is_named(tmp_path):
    """A profile with prices of its own does not wait for it; importing it takes a second."""
    (tmp_path / "p.yaml").write_text("name: p\nmodels: {phi-2: {price: {prompt: 1, completion: 1}}}\n")
    code = (
        "import sys\nfrom pathlib import Path\nfrom dspysota import experiment, profiles\n"
        "profiles.load(sys.argv[1], root=Path('.'), known=experiment.known())\n"
        "print([name for name in sys.modules if name.startswith(('genai_prices', 'httpx2'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "p.yaml")], capture_output=True, text=True, check=True, timeout=60
    )

    assert "[]" == done.stdout.strip()


@pytest.mark.parametrize(
    "words,message",
    [
        ("0.5", "0.5 is no price; write {prompt: 0.1"),
        ("{}", "'provider' is missing; write"),
        ("{prompt: 1}", "'completion' is missing"),
        ("{prompt: 1, completion: yes}", "'completion' is True"),
        ("{prompt: -1, completion: 1}", "'prompt' is -1"),
        ("{prompt: .inf, completion: 1}", "'prompt' is inf"),
        ("{prompt: 1, completion: 1, tokens: 1}", "unknown key 'tokens'; valid are prompt, completion, cached"),
        ("{provider: together, model: microsoft/phi-2}", "'date' is missing"),
        ("{provider: together, model: x, date: 2026-11-01, day: 1}", "unknown key 'day'"),
        ("{provider: together, model: microsoft/phi-2, date: soon}", "date 'soon' is no day; write it as 2026-11-01"),
        ("{provider: togther, model: x, date: 2026-11-01}", "no provider 'togther'; near are together"),
        (
            "{provider: together, model: phi2, date: 2026-11-01}",
            "no model 'phi2' of 'together'; near are .*microsoft/phi-2",
        ),
        ("{file: nowhere.yaml, model: small}", "nowhere.yaml' cannot be read"),
        ("{file: prices.yaml, model: smal}", "'prices.yaml' has no 'smal'; near are small"),
        ("{file: prices.yaml, model: torn}", "'torn' in 'prices.yaml': 'completion' is missing"),
        ("{file: prices.yaml, model: flat}", "'flat' in 'prices.yaml' is 3"),
        ("{file: prices.yaml}", "'model' is missing"),
    ],
)
def test_what_is_no_price_is_refused_in_one_sentence(price, words, message):
    """The place, the value, and what is valid or near."""
    with pytest.raises(ConfigError, match=rf"models\.phi-2\.price: .*{message}") as error:
        price(words)

    assert "\n" not in str(error.value)


def test_a_price_that_is_not_one_number_is_refused(price):
    """In tiers by the length of a prompt, or not by tokens at all: what a question costs would be a guess."""
    from genai_prices.data import providers

    tiered = next(
        (one.id, model.id)
        for one in providers
        for model in one.models
        if not isinstance(model.prices, list) and type(model.prices.input_mtok).__name__ == "TieredPrices"
    )
    with pytest.raises(ConfigError, match=r"no single price above 0 for .*write it yourself"):
        price("{{provider: {}, model: {}, date: 2026-11-01}}".format(*map(repr, tiered)))


@pytest.mark.parametrize(
    "words,message",
    [
        ("", "add `cost: list`.*`cost: machine`.*`cost: parameters`"),
        ("cost: list\n", r"'phi-2' has no price, so that `cost: list` is not known.*models\.phi-2\.price"),
        ("cost: machine\n", r"'phi-2' has no usd_per_hour.*models\.phi-2\.usd_per_hour"),
        ("cost: dollars\n", "cost: .*'list', 'machine' or 'parameters'"),
    ],
)
def test_a_claim_on_cost_says_by_what_and_with_what_prices(tmp_path, words, message):
    """Refused when the profile is read, not once everything is measured; the cure is named."""
    path = tmp_path / "p.yaml"
    path.write_text(f"name: p\n{words}claim: {{quality_ratio: 0.9, cost_ratio: 0.05}}\ncells: [{CELL}]\n")
    with pytest.raises(ConfigError, match=message):
        profiles.load(str(path), root=tmp_path, known=KNOWN)


def test_prices_are_no_part_of_what_a_profile_measures(tmp_path):
    """An interrupted command goes on under another price: the digest that it is found by does not change."""

    def digest(words):
        path = tmp_path / "p.yaml"
        path.write_text(f"name: p\n{words}\ncells: [{CELL}]\n")
        return profiles.load(str(path), root=tmp_path, known=KNOWN).digest

    plain = digest("models: {phi-2: {}}")

    assert plain == digest("cost: list\nmodels: {phi-2: {price: {prompt: 1, completion: 1}, usd_per_hour: 2.99}}")
    assert plain != digest("models: {phi-2: {max_model_len: 1024}}")


@pytest.mark.parametrize(
    "name,basis", [("phi2-vs-llama70b", "list"), ("embedded", "parameters"), ("optimizers", "parameters")]
)
def test_the_profiles_of_this_repository_say_by_what_cost_is_counted(name, basis):
    """The headline by list prices of one provider; where nobody names a price, none is invented."""
    from dspysota import experiment
    from tests.profiles.test_profiles import ROOT

    profile = profiles.load(name, root=ROOT, known=experiment.known())
    given = {use.price.provider for use in profile.models.values() if use.price}

    assert basis == profile.cost
    assert ({"together"} if basis == "list" else set()) == given
