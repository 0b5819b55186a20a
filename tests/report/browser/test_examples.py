"""The examples in a browser: what is listed, found, opened and linked."""

import re

import pytest
from playwright.sync_api import expect

from dspysota.records import Message, Run
from dspysota.report.meta import ReportMeta
from tests.factories import make_call, make_case, make_grid, make_info, make_run

GRID = make_grid(cases=40)
"""Two tasks, five runs each; the fifth of each task is its reference."""
CASES = [(number, case) for number, run in enumerate(GRID, 1) for case in run.cases]
REFERENCE = {number: 5 if number <= 5 else 10 for number in range(1, 11) if number not in (5, 10)}


def hits(page, number, all_of_them=400):
    expect(page.locator("#hits")).to_have_text(f"{number:,} of {all_of_them:,} cases")


def rows(page):
    return page.locator("#rows .row")


def choose(page, **values):
    for name, value in values.items():
        page.locator(f"#filters [name={name}]").select_option(value)


def right(number, place):
    return GRID[number - 1].cases[place].failure is None


def compared(mine, its):
    """How many cases are right (or not) as `mine` says while their reference is as `its` says."""
    return sum(
        right(number, place) is mine and right(reference, place) is its
        for number, reference in REFERENCE.items()
        for place in range(40)
    )


def test_every_case_is_listed_failures_first_and_few_rows_are_in_the_page(visit):
    """The hardest failures lead; of 400 cases those in sight are elements."""
    page = visit(GRID)
    hits(page, len(CASES))
    expect(rows(page).first.locator(".l-kind")).to_have_text("timeout")
    assert rows(page).count() < 60
    expect(page.locator("#sample")).to_be_hidden()


@pytest.mark.parametrize(
    "versus, mine, its",
    [("lost", False, True), ("won", True, False), ("both", True, True), ("neither", False, False)],
)
def test_cases_are_compared_with_the_references_of_their_runs(visit, versus, mine, its):
    """Reference right and we wrong, the reverse, and both: the numbers are those that the records give."""
    page = visit(GRID)
    choose(page, versus=versus)
    hits(page, compared(mine, its))


def test_any_run_can_be_the_one_compared_with(visit):
    """Beside run 3, run 2 has its own wins; a run beside itself has none."""
    page = visit(GRID)
    choose(page, beside="3", versus="won")
    expected = sum(right(n, place) and not right(3, place) for n in (1, 2, 4, 5) for place in range(40))
    hits(page, expected)
    choose(page, run="3")
    hits(page, 0)


def test_classes_add_up_and_other_filters_narrow(visit):
    """Two chosen classes show both; run, approach and task leave only theirs; each class tells its number."""
    page = visit(GRID)
    page.get_by_role("checkbox", name="wrong").check()
    page.get_by_role("checkbox", name="truncated").check()
    kinds = ("wrong", "truncated")
    hits(page, sum(case.failure in kinds for _, case in CASES))
    choose(page, task="gsm8k")
    hits(page, sum(case.failure in kinds and number <= 5 for number, case in CASES))
    choose(page, approach="bootstrap")
    hits(page, sum(case.failure in kinds and number == 4 for number, case in CASES))
    number = sum(case.failure is None for case in GRID[3].cases)
    expect(page.locator(".chips label", has_text="right").locator("[data-count]")).to_have_text(str(number))
    page.get_by_role("button", name="Show all").click()
    hits(page, len(CASES))


def test_search_finds_all_words_in_question_gold_prediction_and_id(visit):
    """Whatever the letters' size and the words' order; words that are nowhere find nothing."""
    page = visit(GRID)
    search = page.get_by_label("Search")
    search.fill("JARS natalia")
    hits(page, sum("Natalia" in case.question for _, case in CASES))
    search.fill("hotpotqa-test-0007")
    hits(page, 5)
    search.fill("ostrava ferries")
    expected = sum("Ostrava" in (case.prediction or "") and "Ferries" in case.question for _, case in CASES)
    assert expected > 0
    hits(page, expected)
    search.fill("<b>")
    hits(page, 0)
    expect(page.locator("#scroller")).to_be_hidden()


def test_prompts_and_outputs_are_searched_where_that_is_wanted(visit):
    """What only the messages or the output say is found then, in the whole of a text; with an address, too."""
    page = visit(GRID)
    search = page.get_by_label("Search")
    search.fill("jars that are left")
    hits(page, 0)
    page.get_by_label("also in prompts and outputs").check()
    number = sum("jars that are left" in case.calls[0].output for _, case in CASES)
    assert number > 0
    hits(page, number)
    again = visit(GRID, address=page.evaluate("location.hash"))
    expect(again.get_by_label("also in prompts and outputs")).to_be_checked()
    hits(again, number)


def test_the_number_of_hits_is_announced(visit):
    """A screen reader hears what a filter did, and how long the list is."""
    page = visit(GRID)
    expect(page.get_by_role("status")).to_have_text("400 of 400 cases")
    choose(page, run="2")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "41")
    assert page.locator("#hits").get_attribute("aria-live") == "polite"


def test_an_opened_example_shows_all_that_is_known_of_it(visit):
    """Question, gold, both predictions, scores, tokens, seconds, every message, the output, and the paragraphs."""
    page = visit(GRID, address="#run-6-case-3")
    body = page.locator("#example-body")
    case, reference = GRID[5].cases[2], GRID[9].cases[2]
    expect(body).to_contain_text(case.question)
    for words in (case.gold, case.case_id, case.calls[0].messages[-1].content, case.calls[0].output):
        expect(body).to_contain_text(words)
    beside = body.locator("dt", has_text="Beside it").locator("xpath=..")
    expect(beside).to_contain_text(reference.prediction or "none could be read")
    expect(body.locator("dt", has_text="Scores").locator("xpath=..")).to_contain_text("supporting_recall")
    expect(body.locator(".paragraphs li")).to_have_count(3)
    expect(body.locator(".others tr")).to_have_count(5)


def test_paragraphs_are_marked_and_those_not_found_are_named(visit):
    """What the gold answer rests on is marked among the retrieved, by sentence; what was missed stands there too."""
    sent = "Kite: A toy. It flies.\n\nLake: Deep.\n\nQuestion: what?"
    gold = {"retrieved": ["Kite", "Lake"], "supporting_facts": [["Lake", 0]], "gold_facts": [["Kite", 1], ["Ysk", 0]]}
    call = make_call(messages=[Message(role="user", content=sent)])
    info = make_info("hotpotqa", rows=1)
    run = Run(info=info, cases=(make_case("a", 0.0, metrics=info.metrics, details=gold, calls=(call,)),))
    page = visit([run], address="#run-1-case-1")
    expect(page.locator("#example-body .paragraphs li")).to_have_count(3)
    marks = [" ".join(one.split()) for one in page.locator("#example-body .paragraphs li").all_inner_texts()]
    assert marks == [
        "supporting Kite supporting: sentence 2 A toy. It flies.",
        "not needed Lake claimed by the program: sentence 1 Deep.",
        "missed Ysk supporting: sentence 1",
    ]


def test_shared_turns_are_folded_and_still_all_there(visit):
    """What other examples were asked with, too, stands above the question, in the order sent."""
    page = visit(GRID, address="#run-4-case-1")
    call = page.locator("#example-body .call")
    expect(call.locator(".prompt summary")).to_have_text("Begins with 9 messages that other examples share")
    call.locator(".prompt summary").click()
    texts = call.locator(".turn pre").all_inner_texts()
    assert texts == [*(one.content for one in GRID[3].cases[0].calls[0].messages), GRID[3].cases[0].calls[0].output]


def test_an_example_has_an_address_that_leads_back_to_it(visit):
    """Opening writes it; Back closes; following it opens the same example."""
    page = visit(GRID)
    choose(page, run="4")
    page.locator("#rows a").nth(5).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    title, address = dialog.locator("#example-body code").inner_text(), page.evaluate("location.hash")
    assert re.fullmatch(r"#examples\?run=4&open=run-4-case-\d+", address)
    page.go_back()
    expect(dialog).to_be_hidden()
    again = visit(GRID, address=address)
    expect(again.get_by_role("dialog").locator("#example-body code")).to_have_text(title)
    hits(again, 40)


def test_a_filter_has_an_address_that_leads_back_to_it(visit):
    """Every control is in it, and none that is as it was."""
    page = visit(GRID)
    assert page.evaluate("location.hash") == ""
    page.get_by_label("Search").fill("Jars $3 a")
    choose(page, task="gsm8k", versus="lost", beside="2")
    page.get_by_role("checkbox", name="wrong").check()
    page.locator("#list").get_by_role("button", name="Seconds").click()
    number, address = page.locator("#hits").inner_text(), page.evaluate("location.hash")
    again = visit(GRID, address=address)
    expect(again.locator("#hits")).to_have_text(number)
    expect(again.get_by_label("Search")).to_have_value("Jars $3 a")
    expect(again.get_by_role("checkbox", name="wrong")).to_be_checked()
    expect(again.locator("th.l-seconds")).to_have_attribute("aria-sort", "descending")
    assert again.evaluate("location.hash") == address


def test_the_table_of_runs_leads_to_the_examples_of_a_run(visit):
    """The name of a run is a link; it shows that run's examples alone."""
    page = visit(GRID)
    page.locator("#run-7 a.name").click()
    hits(page, 40)
    expect(page.locator("#filters [name=run]")).to_have_value("7")


def test_the_keyboard_alone_is_enough(visit):
    """From the search by Tab to the list; arrows, j and k choose; Enter opens, j goes on, Esc closes and returns."""
    page = visit(GRID)
    hits(page, len(CASES))
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "list":
            break
    for key in ("ArrowDown", "j", "ArrowDown", "k"):
        page.keyboard.press(key)
    chosen = page.locator("#rows .chosen")
    expect(chosen).to_have_attribute("aria-rowindex", "4")
    expect(page.locator("#list")).to_have_attribute("aria-activedescendant", "row-2")
    assert chosen.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    page.keyboard.press("End")
    expect(chosen).to_have_attribute("aria-rowindex", "401")
    expect(chosen).to_be_in_viewport()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#example-place")).to_contain_text("1 of 400 listed")
    page.keyboard.press("j")
    expect(dialog.locator("#example-place")).to_contain_text("2 of 400 listed")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#list")).to_be_focused()
    expect(chosen).to_have_attribute("aria-rowindex", "3")


@pytest.mark.parametrize("name, class_", [("Tokens", "l-tokens"), ("Seconds", "l-seconds")])
def test_the_list_is_sorted_by_its_heads(visit, name, class_):
    """Largest first, then smallest first, then as it came, told to a screen reader, too."""
    page = visit(GRID)
    head, button = page.locator(f"th.{class_}"), page.locator("#list").get_by_role("button", name=name)

    def values():
        return [float(one.replace(",", "")) for one in page.locator(f"#rows .{class_}").all_inner_texts()]

    button.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert values() == sorted(values(), reverse=True)
    button.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert values() == sorted(values())
    button.click()
    expect(page.locator("th.l-kind")).to_have_attribute("aria-sort", "descending")


def test_an_example_on_paper_is_that_example_and_the_page_its_sample(visit):
    """What is printed is what is open; without that the page is printed with its sample of cases."""
    page = visit(GRID)
    hits(page, len(CASES))
    page.emulate_media(media="print")
    expect(page.locator("#sample")).to_be_visible()
    expect(page.locator("#explorer")).to_be_hidden()
    page.evaluate("location.hash = '#run-1-case-1'")
    expect(page.locator("#example-body")).to_be_visible()
    expect(page.locator("#runs")).to_be_hidden()


def test_without_a_reference_there_is_nothing_to_compare_until_a_run_is_chosen(visit):
    """No run stands for a reference that nobody named."""
    runs = [make_run([1.0, 0.0, 0.0, 1.0], key="a"), make_run([1.0, 1.0, 0.0, 0.0], key="b", approach="few_shot")]
    page = visit(runs, ReportMeta(command=""))
    choose(page, versus="lost")
    hits(page, 0, 8)
    choose(page, beside="2")
    hits(page, 1, 8)
