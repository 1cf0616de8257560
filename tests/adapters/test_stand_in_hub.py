"""Repositories as they are on the hub, from their download to a map, beside the backend's own way.

What differs is the size of the models, and their weights. `experiments/any_clip/hub.md` has the
figures.
"""

import pytest
import transformers

from tests.adapters.stand_in_hub.repositories import REPOSITORIES
from tests.adapters.stand_in_hub.runs import tried

pytestmark = pytest.mark.slow

CROP = "issue 10, 2: an odd margin is cropped one pixel beside transformers' crop"
MENDED_ELSEWHERE = {
    "openai/clip-vit-base-patch32": CROP,
    "openai/clip-vit-large-patch14-336": CROP,
    "laion/CLIP-ViT-B-32-laion2B-s34B-b79K": CROP,
    "facebook/metaclip-b32-400m": CROP,
    "google/siglip2-base-patch16-naflex": "issue 10, 2: NaFlex is squashed",
    "facebook/flava-full": "issue 10, 2: `size: 224` of FLAVA means to squash",
    "google/owlv2-base-patch16-ensemble": "issue 10, 2: OWLv2 pads to a square",
    "google/owlvit-base-patch32": "issue 10, 2: `size: [768, 768]` is refused",
}
"""Faults of preprocessing, each of which has its own test; they go as they are mended."""


REFUSED = {"google/owlvit-base-patch32": MENDED_ELSEWHERE["google/owlvit-base-patch32"]}
if transformers.CLIPSegModel.base_model_prefix != "clip":
    REFUSED["CIDAS/clipseg-rd64-refined"] = "transformers before 5.22 can't find CLIPSeg's CLIP"


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    return tried(tmp_path_factory.mktemp("hub"))


def named(*, faulty):
    """Every repository as it is asked for; with `faulty`, those known to fail are said to."""
    marked = []
    for number, repository in enumerate(REPOSITORIES):
        known = REFUSED | MENDED_ELSEWHERE if faulty else REFUSED
        reason = known.get(repository.name) if repository.adapter == "hf" else None
        asked = repository.checkpoint or repository.name
        marks = [pytest.mark.xfail(reason=reason)] if reason else []
        marked.append(pytest.param(number, id=asked, marks=marks))
    return pytest.mark.parametrize("number", marked)


@named(faulty=False)
def test_online_then_offline_then_from_a_folder(trials, number):
    found = trials[0][number]
    assert "failed" not in found, found["failed"]
    assert found["finite"]
    assert found["offline"] == found["folder"] == 0


@named(faulty=False)
def test_captions_are_embedded_as_the_backend_does(trials, number):
    found = trials[0][number]
    assert found.get("text", found.get("similarity")) < 1e-4


@named(faulty=True)
def test_pictures_are_embedded_as_the_backend_does(trials, number):
    """Its resize is torchvision's, in whole grey levels; ours is Pillow's."""
    found = trials[0][number]
    assert found["pixels"] < 2.5
    assert found.get("image", found.get("similarity")) < 1e-3


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
