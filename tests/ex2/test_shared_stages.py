"""Expensive stages are done once: by options, across runs, in turn, and again where asked for."""

import json

import pytest
from vlminterp_ex2 import stages
from vlminterp_ex2.journal import rows_of

from tests.ex2_inspection.endpoint import VERDICT, asked_about, completion, serving
from vlminterp.results.run_folder import RunFolder

GOOD = json.dumps(VERDICT)
ENDPOINT = ("plugin/judge=endpoint", "plugin.judge.model=stand-in", "plugin.judge.retries=0")


@pytest.fixture
def trained(monkeypatch):
    """Counts trainings and loadings of the aligned model."""
    done = []
    for name in ("align", "load_aligned"):
        real = getattr(stages, name)

        def counted(*arguments, real=real, name=name):
            done.append(name)
            return real(*arguments)

        monkeypatch.setattr(stages, name, counted)
    return done


def test_what_touches_no_training_does_not_train(finish, trained):
    first, _ = finish()
    assert trained == ["align", "load_aligned"]
    second, _ = finish("plugin.margin=0.05")
    third, _ = finish("plugin.pool=2")
    assert trained == ["align", "load_aligned", "load_aligned"]  # further responses are drawn
    assert len({folder.path for folder in (first, second, third)}) == 3
    for table in ("align", "samples", "describe", "inspect"):
        same = [rows_of(folder.table(table)) for folder in (first, second, third)]
        assert same[0] == same[1] == same[2]
        assert same[0]
    assert (second.path / second.summary["policy"]).is_dir()
    assert second.summary["margin"] == 0.05


def test_overwriting_trains_again(finish, trained):
    finish()
    finish("overwrite=true")
    assert trained.count("align") == 2


def test_lost_rows_of_a_run_come_from_its_stages(finish, trained):
    folder, _ = finish()
    for path in folder.path.glob("rows/describe/*.parquet"):
        path.write_bytes(b"damaged")
    assert not RunFolder.read(folder.path).finished
    again, _ = finish()
    assert again.finished
    assert trained == ["align", "load_aligned"]


def test_a_judge_that_was_not_there_is_asked_by_the_same_line(finish, trained):
    down = True
    with serving(lambda times, body: (401, {}) if down else (200, completion(GOOD))) as server:
        url = f"plugin.judge.base_url={server.url}"
        folder, err = finish(*ENDPOINT, url)
        assert "the same line asks again" in err
        assert "the key is refused" in folder.summary["judge"]["unavailable"]
        assert folder.summary["gains"]["presence"]
        assert not folder.finished
        down = False
        again, _ = finish(*ENDPOINT, url)
    assert again.path == folder.path
    assert again.finished
    assert again.summary["judge"]["valid"] == again.summary["judge"]["judged"] > 0
    assert trained == ["align", "load_aligned"]


def test_answers_that_did_not_come_are_asked_for_again_and_no_others(finish):
    failing, refused = True, []

    def behave(times, body):
        refused.extend([asked_about(body)] if not refused else [])
        down = failing and asked_about(body) in refused
        return (500, {}) if down else (200, completion(GOOD))

    with serving(behave) as server:
        url = (f"plugin.judge.base_url={server.url}", "plugin.judge.concurrency=1")
        folder, err = finish(*ENDPOINT, *url)
        found = folder.summary["judge"]
        failed = found["failed"]
        assert failed == 1
        assert f"{failed} of {found['judged']} descriptions have no verdict" in err
        assert not folder.finished
        failing, before = False, len(server.bodies)
        again, _ = finish(*ENDPOINT, *url)
    assert len(server.bodies) - before == failed
    assert again.finished
    assert again.summary["judge"]["failed"] == 0
