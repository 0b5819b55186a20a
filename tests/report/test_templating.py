"""The templates of every page: whatever a value holds, it is text, and a value that is missing is no blank."""

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from dspysota.report.templating import environment


@pytest.fixture
def folder(tmp_path):
    """Templates that print a value as it is, through a filter of every page, and through one of their own."""
    (tmp_path / "page.j2").write_text("{{ value }}")
    (tmp_path / "score.j2").write_text("{{ value|score }}")
    (tmp_path / "loud.j2").write_text("{{ value|loud }}")
    return tmp_path


def shown(folder, name="page", value="x"):
    return environment(folder, loud=str.upper).get_template(f"{name}.j2").render(value=value)


def test_what_a_template_prints_is_text_without_invisible_characters(folder):
    """No template can forget it, a filter's result included; only markup made here stays markup."""
    assert shown(folder, value="<b>\u202e") == "&lt;b&gt;⟨U+202E⟩"
    assert shown(folder, "loud", "<b>\x1b") == "&lt;B&gt;␛"
    assert shown(folder, value=Markup("<b>")) == "<b>"


def test_every_page_writes_numbers_alike(folder):
    """The filters of figures are there without being named."""
    assert shown(folder, "score", 0.5) == "0.500"


def test_a_value_that_is_not_there_is_an_error(folder):
    """And no empty cell."""
    with pytest.raises(UndefinedError):
        environment(folder).get_template("page.j2").render()
