"""The pages in a real browser: nothing is refused by their own policy, and drawings are to be seen."""

import pytest

from dspysota.records import Prices, TokenPrice
from tests.history.keeping import FIRST, over_time
from tests.viewer.conftest import serving

SCRIPTED = """<!doctype html><meta charset="utf-8"><title>begun</title><p>a report</p><script>
history.pushState(null, "", "#case-7");
let read = "nothing";
try { document.cookie; read = "cookies"; } catch {}
fetch("/").then(() => "pages", () => read).then((found) => { document.title = `${location.hash} ${found}`; });
</script>"""


@pytest.fixture
def visit(out, browser):
    """A page, after the first visit; what the console said and which addresses were asked for."""
    prices = Prices(basis="list", tokens=TokenPrice(prompt=1.0, completion=2.0))
    over_time(out, [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]], prices=prices)
    with serving(out) as viewer:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(viewer.url)
        page.home = f"http://127.0.0.1:{viewer.port}"
        yield page
        context.close()


def test_a_reader_goes_from_the_index_to_a_report_and_to_the_trends(visit):
    """Without JavaScript, without a word in the console, and without a request elsewhere; the key is gone."""
    assert visit.url == f"{visit.home}/"
    visit.get_by_role("link", name="embedded").first.click()
    assert visit.url.endswith("/report.html")
    visit.goto(f"{visit.home}/trends")
    assert visit.get_by_role("heading", name="How it went").is_visible()

    assert visit.said == []
    assert [url for url in visit.asked if not url.startswith(f"{visit.home}/")] == []


def test_drawings_fill_their_place(visit):
    """Three for the series, each as wide as its column, none wider than the page; on a phone, too."""
    visit.goto(f"{visit.home}/trends")

    for width in (1280, 390):
        visit.set_viewport_size({"width": width, "height": 900})
        boxes = [svg.bounding_box() for svg in visit.locator(".drawing svg").all()]
        assert len(boxes) >= 3
        assert all(box["width"] > 150 and box["height"] > 60 for box in boxes)
        assert all(box["x"] + box["width"] <= width for box in boxes)


def test_a_run_can_be_opened_by_the_keyboard(visit):
    """The scores of a folder fold out."""
    fold = visit.locator(f"[id='{FIRST}'] summary")

    fold.focus()
    visit.keyboard.press("Enter")

    assert visit.locator(f"[id='{FIRST}'] table").is_visible()


def test_a_reports_script_works_and_reads_nothing_of_the_viewer(out, browser):
    """It has an origin of its own: deep links are set, and neither the cookie nor another page is there for it."""
    (out / FIRST / "report.html").write_text(SCRIPTED)
    with serving(out) as viewer:
        page = browser.new_page()
        page.goto(viewer.url)
        page.goto(f"http://127.0.0.1:{viewer.port}/runs/{FIRST}/report.html")
        page.wait_for_function("document.title !== 'begun'")

        assert page.title() == "#case-7 nothing"
        page.close()
