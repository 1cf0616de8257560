"""Makes ids unique within a source, in memory that does not grow with it."""

from collections.abc import Iterator
from hashlib import blake2b

_BITS = 27
_PROBES = 4


class UniqueIds:
    """Gives a repeated id the suffix `#ROW`.

    A Bloom filter of 16 MiB keeps the ids seen: it forgets none, so no id repeats. Of ten million
    ids about one in 250 is taken for a repeated one and gets a suffix that it did not need; always
    the same ones.
    """

    def __init__(self) -> None:
        self._seen = bytearray(1 << (_BITS - 3))

    def __call__(self, id: str, row: int) -> str:  # noqa: A002  it becomes the pair's `id`
        """Returns the id, or `id#row` if it was seen before.

        Example:
            >>> unique = UniqueIds()
            >>> unique("cat.jpg", 1), unique("cat.jpg", 2)
            ('cat.jpg', 'cat.jpg#2')
        """
        while self._add(id):
            id = f"{id}#{row}"  # noqa: A001
        return id

    def _add(self, id: str) -> bool:  # noqa: A002
        """Adds an id; returns whether it was there before."""
        known = True
        for byte, bit in _places(id):
            known = known and bool(self._seen[byte] & bit)
            self._seen[byte] |= bit
        return known


def _places(id: str) -> Iterator[tuple[int, int]]:  # noqa: A002
    digest = int.from_bytes(blake2b(id.encode(errors="surrogatepass"), digest_size=16).digest())
    for _ in range(_PROBES):
        digest, place = divmod(digest, 1 << _BITS)
        yield place >> 3, 1 << (place & 7)
