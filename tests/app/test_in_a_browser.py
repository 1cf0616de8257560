"""The app in a real browser: upload, type, see; filter; by keyboard, on a phone, two at once.

One file, so that several processes do not each start a server of their own.
"""

import numpy as np
import pytest
import torch

import vlminterp
from vlminterp.data.images import read_image
from vlminterp.planted.scenes import SIZE
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.results.run_folder import RunFolder

pytestmark = pytest.mark.slow


def upload(page, path):
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_role("button", name="Remove Image").first.wait_for()


def ask(page, *captions):
    for label, caption in zip(("Caption", "Compare with"), captions, strict=False):
        page.get_by_label(label, exact=True).fill(caption)
    page.get_by_role("button", name="Explain").click()


def choose(page, label, name):
    box = page.get_by_label(label, exact=True)
    box.click()
    box.fill(name)
    box.press("Enter")
    box.press("Escape")


def maps(page):
    return page.frame_locator("#maps iframe")


def error(page):
    return page.get_by_test_id("toast-body").inner_text()


def test_upload_type_and_see(open_page, scenes):
    page, scene = open_page(), scenes[0]
    upload(page, scene.path)
    ask(page, f"a {scene.name}")
    sentence = maps(page).locator(".verdict").inner_text()
    assert sentence.startswith(f"planted-base looks at {scene.place} for “a {scene.name}”")
    assert maps(page).get_by_text("of maps like this one").count() == 1
    picture = maps(page).get_by_alt_text("Heatmap for").bounding_box()
    assert picture["width"] > 200
    frame = page.locator("#maps iframe")
    inside = frame.evaluate("frame => frame.contentDocument.documentElement.scrollHeight")
    assert frame.bounding_box()["height"] >= inside, "the page is cut"


def test_two_captions_two_vlms_two_methods(open_page, scenes):
    page, scene = open_page(), scenes[0]
    captions = [f"a {scene.name}", "a purple picture of a bus"]
    upload(page, scene.path)
    choose(page, "VLMs", "planted-shortcut")
    choose(page, "VLMs", "/no/such/folder")
    choose(page, "Methods", "gradcam")
    ask(page, *captions)
    maps(page).get_by_text("/no/such/folder: ").wait_for()
    assert maps(page).locator("figure").count() == 3 * 2 * 2
    encoder = vlminterp.load("planted-base", "cpu")
    with torch.no_grad():
        image = encoder.encode_image(encoder.preprocess([read_image(scene.path)]))
        logits = encoder.logits(image, encoder.encode_text(encoder.tokenize(captions)))
    first = round(100 * float(logits.softmax(1)[0, 0]))
    told = maps(page).locator(".verdict").first.inner_text()
    assert told == f"planted-base prefers “{captions[0]}” ({first} % against {100 - first} %)."
    ramps = maps(page).locator(".ramp").all_inner_texts()
    of_captions = ramps[4:]  # all in cosines, so on one scale
    assert len(set(of_captions)) == 1


def test_a_patch_lights_the_word_that_looks_there(open_page, scenes):
    page, scene = open_page(), scenes[0]
    upload(page, scene.path)
    choose(page, "Methods", "exclip")
    ask(page, f"a {scene.name}")
    looks = maps(page).locator(".looks")
    looks.scroll_into_view_if_needed()
    box = looks.locator(".stage").bounding_box()
    lit = "labels => labels.map(one => parseInt(one.style.getPropertyValue('--lit') || 0))"
    strengths = {}
    away = np.argwhere(~scene.mask)[0]
    for name, (row, column) in {"on": np.argwhere(scene.mask).mean(0), "off": away}.items():
        x, y = box["x"] + box["width"] * column / SIZE, box["y"] + box["height"] * row / SIZE
        page.mouse.move(x, y)
        strengths[name] = looks.locator("label").evaluate_all(lit)
    article, noun = strengths["on"]
    assert noun > 30 > article, "the named object's own patch"
    assert max(strengths["off"]) < 10, "a corner without it"
    looks.locator("label").first.hover()
    assert looks.locator("label").first.locator(".over").is_visible()


def test_by_keyboard_alone(open_page, scenes):
    page, scene = open_page(), scenes[0]

    def tab_to(name):
        for _ in range(40):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(one => (one.ariaLabel || one.labels?.[0]?.innerText || one.innerText || '')"
                ".trim())(document.activeElement)"
            )
            if focused == name:
                return
        raise AssertionError(f"{name} can't be reached by Tab")

    tab_to("Drop an image file here to upload")
    page.on("filechooser", lambda chooser: chooser.set_files(scene.path))
    remove = page.get_by_role("button", name="Remove Image").first
    for _ in range(20):  # Gradio listens some time after it has drawn
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        if remove.count():
            break
    remove.wait_for()
    tab_to("Caption")
    page.keyboard.type(f"a {scene.name}")
    tab_to("Explain")
    page.keyboard.press("Enter")
    assert scene.place in maps(page).locator(".verdict").inner_text()


def test_two_users_at_once_get_their_own_answers(open_page, scenes):
    pages = [open_page() for _ in scenes]
    for page, scene in zip(pages, scenes, strict=True):
        upload(page, scene.path)
    for page, scene in zip(pages, scenes, strict=True):
        ask(page, f"a {scene.name}")
    for page, scene in zip(pages, scenes, strict=True):
        told = maps(page).locator(".verdict").inner_text()
        assert told.startswith(f"planted-base looks at {scene.place} for “a {scene.name}”")


def test_a_phone_needs_no_scrolling_sideways(open_page, fits):
    page = open_page(width=390)
    page.get_by_role("row").nth(1).click()  # a planted scene with two captions
    page.get_by_role("button", name="Remove Image").first.wait_for()
    page.get_by_role("button", name="Explain").click()
    maps(page).locator(".verdict").wait_for()
    fits(page)


def test_light_and_dark(open_page):
    levels = {}
    for scheme in ("light", "dark"):
        picture = read_image(open_page(scheme=scheme).screenshot())
        levels[scheme] = float(np.median(np.asarray(picture.convert("L"))))
    assert levels["dark"] < 60 < 220 < levels["light"]


def test_mistakes_are_one_line(open_page, scenes, tmp_path):
    page = open_page()
    page.get_by_role("button", name="Explain").click()
    assert "there is no picture: drop one, or choose one of the scenes" in error(page)
    page.reload()
    broken = tmp_path / "broken.png"
    broken.write_bytes(scenes[0].path.read_bytes()[:2000])
    upload(page, broken)
    ask(page, "an owl")
    assert "broken.png: broken or truncated picture" in error(page)
    assert str(tmp_path) not in error(page)
    page.reload()
    upload(page, scenes[0].path)
    ask(page, " ")
    assert "there is no caption: type one, or two to compare" in error(page)
    page.reload()
    upload(page, scenes[0].path)
    page.get_by_role("button", name="Clear").first.click()
    choose(page, "VLMs", "planted-bas")
    ask(page, "an owl")
    assert "nearest: planted-base" in error(page)
    assert "Traceback" not in page.inner_text("body")


@pytest.fixture
def truth(outputs):
    """The run's rows, as its folder holds them."""
    (folder,) = outputs.glob("attribution/*/*")
    return RunFolder.read(folder).parts.rows()


def pick(page, box, text):
    page.locator(f"{box} input").click()
    page.get_by_role("option").filter(has_text=text).click()


def rows(page):
    """The first two columns of the table, once it is as the count says."""
    cells = page.locator("#rows [role=gridcell]")
    width = int(page.locator("#rows [role=grid]").get_attribute("aria-colcount"))
    texts = [text.strip() for text in cells.all_inner_texts()]
    return [(texts[at], texts[at + 1]) for at in range(0, len(texts), width)]


def wait_for_count(page, shown, every):
    page.locator("#count").get_by_text(f"{shown} of {every} rows").wait_for()
    page.wait_for_timeout(300)


def test_filters_and_a_row_with_its_maps(open_page, outputs, truth, fits):
    page = open_page("Runs", width=390)
    pick(page, "#run", "attribution")
    wait_for_count(page, len(truth), len(truth))
    word = truth["text"].iloc[0].split()[-1]
    page.locator("#word input, #word textarea").fill(word.upper())
    page.keyboard.press("Enter")
    kept = truth["text"].str.contains(word)
    wait_for_count(page, kept.sum(), len(truth))
    assert {text for _, text in rows(page)} == set(truth["text"][kept])
    page.locator("#word input, #word textarea").fill("")
    page.keyboard.press("Enter")
    wait_for_count(page, len(truth), len(truth))
    page.get_by_label("Show failures").check()
    missed = truth["pointing_game"] == 0
    assert missed.any(), "a VLM that goes by the background misses objects"
    wait_for_count(page, missed.sum(), len(truth))
    assert [int(place) for place, _ in rows(page)] == list(truth.index[missed])
    page.locator("#rows [role=gridcell]").first.click()
    shown = page.frame_locator("#row iframe")
    assert truth["text"][missed].iloc[0] in shown.locator(".caption").first.inner_text()
    assert shown.get_by_alt_text("Heatmap by gradcam").count() == 1
    fits(page)


def test_a_range_and_an_order(open_page, truth):
    page = open_page("Runs")
    pick(page, "#run", "attribution")
    wait_for_count(page, len(truth), len(truth))
    page.locator("#low input, #low textarea").fill("much")
    page.keyboard.press("Enter")
    page.locator("#count").get_by_text("“much” is no number").wait_for()
    middle = float(truth["energy_in_mask"].median())
    pick(page, "#score-column", "energy_in_mask")
    page.locator("#low input, #low textarea").fill(f"{middle}")
    page.keyboard.press("Enter")
    kept = truth[truth["energy_in_mask"] >= middle].sort_values("energy_in_mask")
    wait_for_count(page, len(kept), len(truth))
    assert [int(place) for place, _ in rows(page)] == list(kept.index)


def test_no_such_folder_is_one_line(open_page):
    page = open_page("Runs")
    page.get_by_label("Folder of runs").first.fill("/no/such/folder")
    page.keyboard.press("Enter")
    assert "no folder at /no/such/folder" in page.get_by_test_id("toast-body").inner_text()


def scores(page):
    page.locator("#scores [role=gridcell]").first.wait_for()
    texts = [text.strip() for text in page.locator("#scores [role=gridcell]").all_inner_texts()]
    return dict(zip(texts[::2], map(float, texts[1::2]), strict=True))


def test_a_runs_answer_and_own_captions(open_page, fits):
    page = open_page("hear", width=390)
    pick(page, "#liked-run", "bank")
    liked = page.frame_locator("#likes iframe")
    assert "planted-habitat prefers habitat" in liked.locator(".verdict").inner_text()
    assert liked.get_by_text("What each family adds").first.is_visible()
    captions = ["an owl in the forest", "an owl", "an owl in the desert"]
    page.locator("#concept input").click()
    page.get_by_role("option", name="owl", exact=True).click()
    page.locator("#captions textarea").fill("\n".join(captions))
    page.get_by_role("button", name="Score").click()
    fits(page)
    encoder = vlminterp.load("planted-habitat", "cpu")
    (owl,) = [one for one in PlantedSource(PlantedConfig(images=1)).concepts() if one.name == "owl"]
    with torch.no_grad():
        image = encoder.encode_image(encoder.preprocess([owl.images[0]()]))
        texts = encoder.encode_text(encoder.tokenize(captions))
    truth = dict(zip(captions, encoder.similarity(image, texts)[0].tolist(), strict=True))
    found = scores(page)
    assert found == pytest.approx(truth, abs=1e-4)
    assert list(found) == sorted(truth, key=truth.get, reverse=True)


def test_nothing_to_score_is_one_line(open_page):
    page = open_page("hear")
    page.locator("#captions textarea").fill("an owl")
    page.get_by_role("button", name="Score").click()
    told = page.get_by_test_id("toast-body").inner_text()
    assert "there is nothing to score against: choose a concept, or drop a picture" in told
