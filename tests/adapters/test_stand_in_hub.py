"""Repositories as they are on the hub, from their download to a map, beside the backend's own way.

What differs is the size of the models, and their weights. `experiments/studies/any_clip/hub.md` has
the figures.
"""

import pytest
import transformers

from tests.adapters.stand_in_hub.repositories import REPOSITORIES
from tests.adapters.stand_in_hub.runs import tried

pytestmark = pytest.mark.slow

REFUSED: dict[str, str] = {}
if transformers.CLIPSegModel.base_model_prefix != "clip":
    REFUSED["CIDAS/clipseg-rd64-refined"] = "transformers before 5.22 can't find CLIPSeg's CLIP"


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    return tried(tmp_path_factory.mktemp("hub"))


def every_repository():
    """Every repository as it is asked for; those that can't be read here are said to fail."""
    marked = []
    for number, repository in enumerate(REPOSITORIES):
        reason = REFUSED.get(repository.name) if repository.adapter == "hf" else None
        asked = repository.checkpoint or repository.name
        marks = [pytest.mark.xfail(reason=reason)] if reason else []
        marked.append(pytest.param(number, id=asked, marks=marks))
    return pytest.mark.parametrize("number", marked)


@every_repository()
def test_online_then_offline_then_from_a_folder(trials, number):
    found = trials[0][number]
    assert "failed" not in found, found["failed"]
    assert found["finite"]
    assert found["offline"] == found["folder"] == 0


@every_repository()
def test_captions_are_embedded_as_the_backend_does(trials, number):
    found = trials[0][number]
    assert found.get("text", found.get("similarity")) < 1e-4


@every_repository()
def test_pictures_are_embedded_as_the_backend_does(trials, number):
    """Its pipeline makes the pixels: NaFlex's come as flat patches, so that embeddings tell."""
    found = trials[0][number]
    assert found["pixels"] is None or found["pixels"] < 0.01
    assert found.get("image", found.get("similarity")) < 1e-4


def test_only_the_weights_of_main_are_read(trials):
    """Safetensors where there are any; nothing is converted, no other weights are downloaded."""
    hub = trials[1]
    assert hub.conversions() == []
    for repository in REPOSITORIES:
        allowed = {other.weights for other in REPOSITORIES if other.name == repository.name}
        got = [line for line in hub.requests if f"/{repository.name}/resolve/" in line]
        files = {line.rpartition("/")[2] for line in got if line.startswith("GET")}
        suffixes = (".bin", ".safetensors", ".h5", ".msgpack", ".pt", ".py")
        assert {name for name in files if name.endswith(suffixes)} <= allowed
        assert repository.weights in files
