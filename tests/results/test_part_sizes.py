"""Later parts hold more batches, so that long runs have few files; a part is a small share."""

from itertools import count

import pytest

from vlminterp.results.part_sizes import batches_in


@pytest.mark.parametrize(("pairs", "most"), [(1_000_000, 2_800), (10_000_000, 12_000)])
def test_millions_of_pairs_are_some_thousand_parts_and_none_is_a_large_share(pairs, most):
    done, sizes = 0, []
    for part in count():
        sizes.append(batches_in(part))
        assert sizes[-1] <= 1 + done / 60
        done += sizes[-1]
        if 16 * done >= pairs:
            break
    assert len(sizes) < most
    assert sizes == sorted(sizes)
