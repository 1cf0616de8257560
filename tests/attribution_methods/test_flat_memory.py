"""Methods keep nothing of earlier batches: memory does not grow with the number of pairs."""

import gc

import pytest
import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import OWN, load_method, make_method

from tests.attribution_methods.conftest import FEW
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity


def held() -> int:
    """Bytes of all tensors that are alive; exact, where the process's memory is noisy."""
    gc.collect()
    tensors = [one for one in gc.get_objects() if type(one) is torch.Tensor]
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors}
    return sum(storages.values())


@pytest.mark.parametrize("side", Side)
def test_nothing_is_kept_of_earlier_batches(encoder, pictures, captions, side):
    """All methods side by side, as in a run, which keeps only the last batch."""
    batches = Batches(encoder, Similarity(), 0, FEW)
    names = [name for name in OWN if side in load_method(name).sides]
    methods = [make_method(name, side, batches) for name in names]
    after = []
    for turn in range(3):
        pixels, tokens = (
            encoder.preprocess(pictures[turn : turn + 2]),
            encoder.tokenize(captions[:2]),
        )
        for method in methods:
            assert method.attribute(pixels, tokens).scores.any()
        after.append(held())
    assert after[1] == after[2]
