"""The pictures of a concept that an audit takes."""

from functools import partial

import pytest
from PIL import Image
from vlminterp_audit.pool import chosen_of

from vlminterp.data.concepts import Concept


def numbered(first, count):
    return tuple(partial(Image.new, "L", (1, 1), first + number) for number in range(count))


def shown(concept, most, rewarded):
    return [load().getpixel((0, 0)) for load in chosen_of(concept, most, rewarded=rewarded)]


@pytest.mark.parametrize("rewarded", [True, False])
def test_pictures_are_evenly_spaced_over_the_list(rewarded):
    assert shown(Concept("a", "a", numbered(0, 12)), 4, rewarded) == [0, 3, 6, 9]
    held_out = Concept("a", "a", numbered(0, 12), numbered(100, 10))
    assert shown(held_out, 4, rewarded) == [100, 102, 105, 107]
    assert shown(held_out, 10, rewarded) == list(range(100, 110))


def test_rewarded_pictures_fill_up_unless_they_were_seen():
    concept = Concept("a", "a", numbered(0, 6), numbered(100, 2))
    assert shown(concept, 5, True) == [100, 101, 0, 2, 4]
    assert shown(concept, 5, False) == [100, 101]
    assert shown(concept, 20, True) == [100, 101, *range(6)]
