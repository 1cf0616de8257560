"""A blur at readout: drawn and scored maps are soft, stored ones are not."""

import numpy as np
import pytest
from PIL import Image
from vlminterp_attribution.plugin import AttributionConfig
from vlminterp_m2ib.plugin import M2IBConfig

from vlminterp.adapters.dual_encoder import Geometry
from vlminterp.attribution.blur import blurred
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.attribution.rows import explained_pairs
from vlminterp.errors import ConfigError
from vlminterp.metrics.localisation import average_precision, energy_in_mask
from vlminterp.report.page import render

METHODS = ["gae", "saliency"]


def twin(grid, patches):
    """A weighted mean over neighbours, cell by cell; beyond the edge stands the outermost cell."""
    reach = round(4 * patches)
    weights = {step: np.exp(-((step / patches) ** 2) / 2) for step in range(-reach, reach + 1)}
    soft = np.zeros(grid.shape)
    for (row, column), _ in np.ndenumerate(grid):
        for down, one in weights.items():
            for across, other in weights.items():
                place = np.clip([row + down, column + across], 0, np.array(grid.shape) - 1)
                soft[row, column] += one * other * grid[tuple(place)]
    return soft / sum(weights.values()) ** 2


@pytest.mark.parametrize("patches", [0.5, 1.0])
def test_weighted_mean_over_neighbours(patches):
    grid = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    np.testing.assert_allclose(blurred(grid, patches), twin(grid, patches), atol=1e-6)


def test_stored_maps_are_not_blurred(run):
    """Rows say so, and whoever reads the run gets what was drawn and scored."""
    plain, soft = run(methods=METHODS), run("soft", methods=METHODS, blur=0.5)
    before, after = plain.parts.rows(), soft.parts.rows()
    assert "blur" not in before
    image = after["side"] == "image"
    assert (after.loc[image, "blur"] == 0.5).all()
    assert after.loc[~image, "blur"].isna().all()
    for number in plain.parts:
        kept, again = plain.parts.arrays(number), soft.parts.arrays(number)
        assert kept.keys() == again.keys()
        assert all((kept[name] == again[name]).all() for name in kept)
    assert (before["total"] == after["total"]).all()
    for method in METHODS:
        pairs = zip(explained_pairs(plain, method), explained_pairs(soft, method), strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(other.image.map, twin(one.image.map, 0.5), atol=1e-6)
            row = other.image.row
            mask = np.asarray(Image.open(soft.path / row["mask"]).convert("L")) > 0
            box = Geometry((row["height"], row["width"]), tuple(row["box"]))
            heat = place_on_image(other.image.map, box, mask.shape)
            assert row["energy_in_mask"] == pytest.approx(energy_in_mask(heat, mask), abs=1e-6)
            assert row["average_precision"] == pytest.approx(average_precision(heat, mask))
            assert row["energy_in_mask"] != one.image.row["energy_in_mask"]
            assert row["coverage"] != one.image.row["coverage"]
            assert one.caption.words == other.caption.words
            drawn = [
                Image.open(r.path / p.image.row["overlay"])
                for r, p in ((plain, one), (soft, other))
            ]
            assert drawn[0].tobytes() != drawn[1].tobytes()
    assert render(plain) != render(soft)


@pytest.mark.parametrize("config", [AttributionConfig, M2IBConfig])
@pytest.mark.parametrize("blur", [-1, float("nan"), float("inf")])
def test_blur_that_can_not_be(config, blur):
    with pytest.raises(ConfigError, match="must be a number of patches, at least 0"):
        config(blur=blur)
