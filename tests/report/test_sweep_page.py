"""The page of a sweep: VLMs side by side, failures first."""

import base64
import hashlib
import re

import numpy as np
import pytest
from PIL import Image

import vlminterp.report.sweep.maps
from tests.report.test_page import Page
from tests.results.fake_run import attribution
from vlminterp.errors import ResultsError
from vlminterp.report.__main__ import main
from vlminterp.report.sweep.page import write_sweep_report
from vlminterp.report.sweep.preferences import differences
from vlminterp.report.sweep.preferences import tastes as found_tastes
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Sweep

FAMILIES = ("habitat", "visual", "kind")


def words(page):
    return " ".join(Page(page).text.split())


def gain(mean):
    return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "n": 40}


def note(sweep, path, names, option="", **more):
    line = f"+plugin={names['plugin']} model={names['model']} {option}".rstrip()
    sweep.note(line, {**names, "path": str(path), **more})


def heard(sweep, model, gains, steps=(), finding="preferred", p=1e-4, concepts=0):
    """A run that says which words a VLM likes to hear."""
    path = sweep.folder.parents[1] / "ex2" / model
    names = {"plugin": "ex2", "model": model, "data": "planted"}
    with RunFolder.open(path, {"names": names}) as folder:
        if steps:
            folder.table("align").write(
                0, [dict(zip(("step", "kl", "reward"), s, strict=True)) for s in steps], {}
            )
        if concepts:
            folder.table("gains").write(0, per_concept(model, gains, concepts), {})
        leader = max(gains, key=gains.get)
        folder.finish(
            {
                "finding": finding,
                "p": p,
                "leader": leader,
                "preferred": leader if finding == "preferred" else None,
                "margin": 0.02,
                "gains": {
                    "presence": {family: gain(mean) for family, mean in gains.items()},
                    "shuffled": {family: gain(-0.037) for family in gains},
                },
                "metrics": {"reward": gain(45.5), "kl": gain(20.0)},
            }
        )
        (path / "report.html").write_text("")
    note(sweep, path, names)


def per_concept(model, gains, concepts):
    """Gains that differ by concept in the same way for every VLM, and a little by themselves."""
    hard, own = np.random.default_rng(0), np.random.default_rng(len(model))
    return [
        {"concept": f"c{n}", "family": family, "presence": mean + hardness + own.normal(0, 0.01)}
        for family, mean in gains.items()
        for n, hardness in enumerate(hard.normal(0, 0.2, concepts))
    ]


def looked(sweep, model, places, pointing=0.5, option="", text="<i>caption</i>"):
    """A run that says where a VLM looks: a place for each picture."""
    path = sweep.folder.parents[1] / "m2ib" / f"{model}{option}"
    names = {"plugin": "m2ib", "model": model, "data": "planted"}
    with RunFolder.open(path, {"names": names}) as folder:
        rows, arrays = [], {}
        for pair, place in enumerate(places):
            grey = Image.new("RGB", (64, 48), (90, 100 + pair, 110))
            rows.append(
                {
                    "pair": pair,
                    "id": f"picture-{pair}",
                    "text": f"{text} {pair}",
                    "side": "image",
                    "similarity": 0.25,
                    "width": 64,
                    "height": 48,
                    "picture": folder.save_picture(f"{pair}", grey),
                    "overlay": folder.save_picture(f"{pair}-explained", grey),
                }
            )
            arrays[f"{pair}.image.map"] = attribution(place, 1.0, seed=pair)
        folder.parts.write(0, rows, arrays)
        metric = {**gain(pointing), "higher_is_better": True}
        folder.finish({"kind": "attribution", "metrics": {"image.pointing_game": metric}})
    note(sweep, path, names, option)


def failed(sweep):
    names = {"plugin": "ex2", "model": "broken", "data": "planted"}
    sweep.note("model=broken", {**names, "failed": "no such <model>"})


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path / "outputs" / "sweeps" / "abc")


@pytest.fixture
def tastes(sweep):
    heard(sweep, "vlm-one", {"habitat": 0.2, "visual": 0.0, "kind": 0.1})
    heard(sweep, "vlm-two", {"habitat": 0.0, "visual": 0.2, "kind": 0.1})
    return sweep


@pytest.fixture
def maps(sweep):
    looked(sweep, "near", [(0.2, 0.2), (0.8, 0.8), (0.5, 0.2)], pointing=0.83)
    looked(sweep, "same", [(0.2, 0.2), (0.8, 0.8), (0.5, 0.2)], pointing=0.9)
    looked(sweep, "far", [(0.2, 0.2), (0.2, 0.2), (0.5, 0.3)], pointing=0.1)
    return sweep


def test_first_lines_say_which_vlm_likes_what(tastes):
    heard(tastes, "vlm-three", {"habitat": 0.2, "visual": 0.0, "kind": 0.1})
    heard(tastes, "vlm-four", dict.fromkeys(FAMILIES, 0.0), finding="nothing found")
    page = write_sweep_report(tastes.folder).read_text("utf-8")
    told = words(page)
    answer = (
        "What they like to hear (ex2): habitat: vlm-one and vlm-three; visual: vlm-two; "
        "nothing found: vlm-four."
    )
    assert answer in told
    assert told.index(answer) < told.index("What each VLM likes to hear (ex2)")


def test_a_preference_must_hold_among_so_many(tastes):
    """p = .004 is clear for one VLM, not for one of three."""
    heard(tastes, "vlm-three", {"habitat": 0.2, "visual": 0.0}, p=0.004)
    runs = {run.names["model"]: run for run in tastes.runs()}
    assert found_tastes({"vlm-three": runs["vlm-three"]}) == {"vlm-three": "habitat"}
    assert found_tastes(runs)["vlm-three"] == "habitat"  # Holm's last: the others are clearer
    heard(tastes, "vlm-four", {"habitat": 0.2, "visual": 0.0}, p=0.009)
    runs = {run.names["model"]: run for run in tastes.runs()}
    told = found_tastes(runs)
    assert (told["vlm-one"], told["vlm-three"], told["vlm-four"]) == (
        "habitat",
        "habitat",
        "habitat",
    )
    heard(tastes, "vlm-five", {"habitat": 0.2, "visual": 0.0}, p=0.009)
    runs = {run.names["model"]: run for run in tastes.runs()}
    assert found_tastes(runs)["vlm-five"] == "undecided"


def test_two_vlms_are_compared_on_the_same_concepts(sweep):
    """Concepts differ far more than VLMs: pairing alone sees that habitat words gain .05 more."""
    heard(sweep, "one", {"habitat": 0.25, "visual": 0.1}, concepts=20)
    heard(sweep, "other", {"habitat": 0.2, "visual": 0.1}, concepts=20)
    runs = {run.names["model"]: run for run in sweep.runs()}
    first, second = differences(runs)
    assert (first.family, second.family) == ("habitat", "visual")
    assert first.gain.mean == pytest.approx(0.05, abs=0.01)
    assert first.p < 0.001 < 0.01 < second.p
    told = words(write_sweep_report(sweep.folder).read_text("utf-8"))
    assert "1 of 2 comparisons have p below 1%" in told


def test_the_null_stands_in_the_table(tastes):
    assert 'data-value="-0.037"' in write_sweep_report(tastes.folder).read_text("utf-8")


def test_first_lines_say_where_vlms_look_and_whose_maps_agree(maps):
    told = words(write_sweep_report(maps.folder).read_text("utf-8"))
    assert "lies on what the caption names: same 90 %, near 83 %, far 10 %." in told
    assert "most alike are near and same (1.00), least alike are near and far" in told


def test_families_stand_side_by_side_with_intervals(tastes):
    page = write_sweep_report(tastes.folder).read_text("utf-8")
    label = re.search(r'<svg[^>]*aria-label="(What words[^"]*)"', page).group(1)
    assert "vlm-one 0.2 (0.19 to 0.21)" in label
    assert '<td class="figure strong" style="--strength: 100%" data-value="0.2">' in page
    assert "0.200<small>0.190 … 0.210</small>" in page
    # habitat > kind > visual against visual > kind > habitat
    assert "rank correlation of the gains of 3 families" in page
    assert 'data-value="-1">−1.00</td>' in page


def test_more_vlms_than_colours_stand_in_the_table(tastes):
    for number in range(4):
        heard(tastes, f"more-{number}", {"habitat": 0.1234, "visual": 0.0})
    page = write_sweep_report(tastes.folder).read_text("utf-8")
    assert page.count('data-value="0.1234"') == 4
    assert "What words" not in page


def test_reward_at_matched_kl(sweep):
    """Rewards 10 + kl to 20 nats and 30 + 2 kl to 10: at 10 nats they have gained 10 and 20."""
    lines = {"slow": (10, 1, 20), "fast": (30, 2, 10)}
    for model, (start, slope, far) in lines.items():
        steps = [(n, far * n / 12, start + slope * far * n / 12) for n in range(13)]
        heard(sweep, model, {"habitat": 0.1}, steps[:-1] + steps[-1:])
    page = write_sweep_report(sweep.folder).read_text("utf-8")
    table = page[page.index("Reward at matched KL") :]
    rows = {
        model: [
            float(value)
            for value in re.findall(r'data-value="([^"]*)"', table.split(f">{model}</th>")[1])[:3]
        ]
        for model in lines
    }
    shared = float(re.search(r"Reward at matched KL: ([\d.]+) nats", page).group(1))
    assert shared == pytest.approx(10, rel=0.06)
    for model, (start, slope, _) in lines.items():
        first, at, gained = rows[model]
        assert at == pytest.approx(start + slope * shared, rel=0.01)
        assert gained == pytest.approx(at - first, abs=1e-3)


def test_the_same_picture_is_shown_for_every_vlm_and_the_most_disputed_first(maps):
    page = Page(write_sweep_report(maps.folder).read_text("utf-8"))
    alts = [attrs["alt"] for attrs in page.all("img")]
    assert alts[:4] == [
        "Picture picture-1: <i>caption</i> 1",
        "near: map of picture-1",
        "same: map of picture-1",
        "far: map of picture-1",
    ]
    assert len(alts) == 12
    sources = [attrs["src"] for attrs in page.all("img")]
    assert sources[1] == sources[2] != sources[3]
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert len(page.all("div", **{"class": "scale"})) == 1


def test_a_picture_that_one_vlm_has_skipped_is_a_gap(maps):
    looked(maps, "short", [(0.2, 0.2)])
    page = write_sweep_report(maps.folder).read_text("utf-8")
    assert page.count(">skipped</p>") == 2
    assert "nan" not in Page(page).text


def test_many_pictures_lie_beside_the_page_and_are_drawn_once(maps, monkeypatch):
    monkeypatch.setattr(vlminterp.report.sweep.maps, "MOST_INLINE", 0)
    (maps.folder / "thumbnails").mkdir()
    (maps.folder / "thumbnails" / "old.jpg").write_bytes(b"of an earlier page")
    page = Page(write_sweep_report(maps.folder).read_text("utf-8"))
    files = {attrs["src"] for attrs in page.all("img")}
    assert {attrs["loading"] for attrs in page.all("img")} == {"lazy"}
    beside = {f"thumbnails/{path.name}" for path in (maps.folder / "thumbnails").iterdir()}
    assert beside == files
    with Image.open(maps.folder / min(files)) as picture:
        assert picture.size == (64, 48)
    before = {name: (maps.folder / name).stat().st_mtime_ns for name in files}
    write_sweep_report(maps.folder)
    assert before == {name: (maps.folder / name).stat().st_mtime_ns for name in files}
    for link in page.all("a"):
        if "pictures/" in link["href"]:
            assert (maps.folder / link["href"]).is_file()
    assert sum("-explained.png" in link["href"] for link in page.all("a")) == 9


def test_failures_come_first_and_runs_are_linked(tastes):
    failed(tastes)
    page = write_sweep_report(tastes.folder).read_text("utf-8")
    assert page.index("no such &lt;model&gt;") < page.index("What they like to hear")
    assert "no such <model>" not in page
    assert 'href="../../ex2/vlm-one/report.html"' in page
    assert '<span class="chip bad"><span>failed</span> 1</span>' in page
    healthy = Sweep(tastes.folder.parent / "healthy")
    heard(healthy, "vlm-one", {"habitat": 0.2})
    assert "Failed" not in write_sweep_report(healthy.folder).read_text("utf-8")


def test_runs_that_have_not_ended_are_counted(tastes):
    tastes.plan([*tastes.load(), "model=later"])
    page = words(write_sweep_report(tastes.folder).read_text("utf-8"))
    assert "finished 2" in page
    assert "not begun 1" in page


def test_page_asks_no_host_and_runs_no_script_but_its_own(maps):
    failed(maps)
    page = write_sweep_report(maps.folder).read_text("utf-8")
    parsed = Page(page)
    for _, attrs in parsed.tags:
        assert not re.match(r"(?:https?:)?//", attrs.get("src", "") + attrs.get("href", ""))
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = parsed.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert f"script-src 'sha256-{digest}'" in policy["content"]
    assert policy["content"].startswith("default-src 'none'")
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    targets = [a["href"][1:] for a in parsed.all("a") if a["href"].startswith("#")]
    assert targets
    assert set(targets) <= set(ids)


def test_correlation_of_maps_does_not_hang_on_their_grids(sweep):
    """The same scene by a coarse and by a fine grid, on which every patch is split in four."""
    for model, split in (("coarse", 1), ("fine", 2)):
        looked(sweep, model, [(0.3, 0.6)])
        folder = RunFolder.read(sweep.folder.parents[1] / "m2ib" / model)
        rows = folder.parts.table(0).to_pylist()
        smooth = attribution((0.3, 0.6), 1.0, seed=0)
        arrays = {"0.image.map": np.kron(smooth, np.ones((split, split), np.float32))}
        folder.parts.write(0, rows, arrays)
    told = words(write_sweep_report(sweep.folder).read_text("utf-8"))
    correlation = float(re.search(r"alike are coarse and fine \((0\.\d+)\)", told).group(1))
    assert correlation > 0.9


def test_the_command_line_knows_a_sweep_from_a_run(tastes, tmp_path, capsys):
    assert main([str(tastes.folder)]) == 0
    assert capsys.readouterr().out.strip() == str(tastes.folder / "report.html")
    assert main([str(tmp_path)]) == 2
    with pytest.raises(ResultsError, match="is no sweep"):
        write_sweep_report(tmp_path)


def test_several_captions_of_one_picture_stand_each_under_its_map(sweep):
    for text in ("a cat", "a dog"):
        looked(sweep, "one", [(0.2, 0.2)], option=f"data.text='{text}'", text=text)
    page = write_sweep_report(sweep.folder).read_text("utf-8")
    assert "2 runs of one side by side, by data.text" in page
    for text in ("a cat", "a dog"):
        assert f'<b lang="" dir="auto">{text} 0</b><br>' in page
    assert "VLM" not in words(page)


def test_an_option_that_differs_names_the_axis(sweep):
    for layer in (0, 2):
        looked(sweep, "one", [(0.2, 0.2)], option=f"plugin.image.layer={layer}")
    page = write_sweep_report(sweep.folder).read_text("utf-8")
    assert "2 runs of one side by side, by plugin.image.layer" in page
    assert "VLM" not in words(page)
