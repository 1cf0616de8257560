"""The form of a page in a real browser: find, sort, misses alone, own scale; and on a phone."""

import shutil

import pytest

from tests.results.fake_run import make_run
from vlminterp.report import write_report
from vlminterp.results import RunFolder

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium")
WHALE, MISSED = "scene/0003.png", "scene/0004.png"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("runs") / "planted-base" / "0123456789ab")
    run = RunFolder.read(folder)
    for number in run.parts:
        rows = run.parts.table(number).to_pylist()
        for row in rows:
            if row["side"] == "image":
                row["pointing_game"] = float(row["id"] != MISSED)
        run.parts.write(number, rows, run.parts.arrays(number))
    return write_report(run).resolve().as_uri()


@pytest.fixture
def page(browser, address):
    with browser.new_page(viewport={"width": 1280, "height": 900}) as page:
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address)
        yield page
        assert complaints == []


def shown(page):
    """Ids of the pairs that are to be seen, in their order."""
    labels = page.locator("article.card:visible").evaluate_all(
        "cards => cards.map(card => card.getAttribute('aria-label'))"
    )
    return [label.split(":")[0] for label in labels]


def similarities(page):
    return page.locator("article.card:visible").evaluate_all(
        "cards => cards.map(card => JSON.parse(card.dataset.scores).similarity)"
    )


def test_a_word_leaves_the_pairs_that_have_it(page):
    assert len(shown(page)) == 5
    page.get_by_label("Find a word").fill("WHALE")
    assert shown(page) == [WHALE]
    assert page.get_by_role("status").inner_text() == "1 of 5 shown"
    page.get_by_label("Find a word").fill("no such word")
    assert shown(page) == []
    page.get_by_label("Find a word").fill("")
    assert len(shown(page)) == 5


def test_any_score_sorts_up_and_down_and_the_pages_order_comes_back(page):
    before = shown(page)
    page.get_by_label("Sort by").select_option("similarity")
    assert similarities(page) == sorted(similarities(page))
    page.locator("[name=order]").select_option("highest")
    assert similarities(page) == sorted(similarities(page), reverse=True)
    page.get_by_label("Sort by").select_option("")
    assert shown(page) == before


def test_misses_alone(page):
    assert page.locator(".warning:visible", has_text="misses what is named").count() == 1
    page.get_by_label("only the 1 miss").check()
    assert shown(page) == [MISSED]
    page.get_by_label("Find a word").fill("whale")
    assert shown(page) == []


def test_each_map_on_its_own_scale(page):
    card = page.locator("article.card").first
    assert card.locator("img.shared").is_visible()
    assert not card.locator("img.own").is_visible()
    page.get_by_label("each its own").check()
    assert not card.locator("img.shared").is_visible()
    assert card.locator("img.own").is_visible()
    assert card.get_by_text("its own scale").is_visible()


def test_nothing_is_wider_than_a_phone(browser, address):
    with browser.new_page(viewport={"width": 390, "height": 800}) as page:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
