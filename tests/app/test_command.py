"""`vlminterp app` where something is missing, and the VLMs that it keeps."""

import socket

import pytest
from vlminterp_app import command
from vlminterp_app.asking import answers, asked
from vlminterp_app.encoders import KEPT, Encoders

from vlminterp.cli.main import run
from vlminterp.errors import UserError
from vlminterp.planted.scenes import World


@pytest.fixture
def scene(tmp_path):
    from PIL import Image

    Image.fromarray(World(0, "test").scene(3).image).save(tmp_path / "scene.png")
    return str(tmp_path / "scene.png")


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert run(["app"]) == 1
    assert capsys.readouterr().err == f"{command.MISSING}\n"
    assert "pip install 'vlminterp[app]'" in command.MISSING


def test_a_port_in_use_is_one_line(monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["app", "--port", str(port), "--no-open"]) == 1
    told = f"port {port} can't be used: Address already in use; give another by --port\n"
    assert capsys.readouterr().err == told
    assert run(["app", "--port", "99999", "--no-open"]) == 1
    assert "port 99999 can't be used: " in capsys.readouterr().err


def test_vlms_are_loaded_once_and_the_last_ones_kept(monkeypatch):
    loaded = []

    def load(name, device):
        loaded.append(name)
        return name

    monkeypatch.setattr("vlminterp.load", load)
    encoders = Encoders("cpu")
    for name in ("a", "a ", *map(str, range(KEPT - 1)), "a", "more", "0"):
        encoders(name)
    assert loaded == ["a", *map(str, range(KEPT - 1)), "more", "0"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"picture": None}, "there is no picture"),
        ({"first": " ", "second": ""}, "there is no caption"),
        ({"second": "an owl "}, "both captions are the same"),
        ({"models": []}, "there is no VLM"),
        ({"methods": []}, "there is no method"),
    ],
)
def test_what_is_missing_is_told(changed, message, scene):
    chosen = {
        "picture": scene,
        "first": "an owl",
        "second": None,
        "models": ["a"],
        "methods": ["b"],
    }
    with pytest.raises(UserError, match=message):
        asked(**{**chosen, **changed})


def test_what_fails_does_not_stop_the_others(scene):
    question = asked(scene, "a kangaroo", None, ["nobody", "planted-base"], ["gradcam", "nothing"])
    found, failures = list(answers(Encoders("cpu"), question))[-1]
    assert [(one.model, one.method) for one in found] == [("planted-base", "gradcam")]
    assert [line.partition(":")[0] for line in failures] == ["nobody", "planted-base by nothing"]
    alone = asked(scene, "a kangaroo", None, ["nobody"], ["gradcam"])
    with pytest.raises(UserError, match="nobody"):
        list(answers(Encoders("cpu"), alone))
