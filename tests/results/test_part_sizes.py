"""Later parts hold more batches; every batch is in one part, in order."""

import pytest

from vlminterp.results import part_sizes
from vlminterp.results.part_sizes import batches_in, first_batch


@pytest.mark.parametrize("sizes", [part_sizes.SIZES, ((0, 1),), ((0, 2), (3, 5), (4, 1), (9, 7))])
def test_parts_follow_each_other(monkeypatch, sizes):
    monkeypatch.setattr(part_sizes, "SIZES", sizes)
    place = 0
    for part in range(3000):
        assert first_batch(part) == place
        place += batches_in(part)


def test_ten_million_pairs_are_some_thousand_parts_and_none_is_a_large_share():
    part = 0
    while 16 * first_batch(part) < 10_000_000:
        done = first_batch(part)
        assert batches_in(part) <= 1 + done / 60
        part += 1
    assert part < 13_000
