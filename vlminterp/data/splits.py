"""Data sets whose makers have split them: rewards from one split, checks from another."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vlminterp.data.classes import ClassConfig, ClassSource, Listing, check_amount
from vlminterp.errors import ConfigError, nearest


@dataclass
class SplitConfig(ClassConfig):
    """Options of all sources that have splits.

    Attributes:
        split: Name of the split whose pictures make rewards.
        held_out: Pictures that no reward sees: those of another split, by its name; or of `split`
            a share up to 0.5, or a number of pictures per class, at most half of a class.
    """

    split: str = "train"
    held_out: int | float | str = "test"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.held_out, str):
            check_amount(self.held_out)
        elif self.held_out == self.split:
            raise ConfigError(
                f"data.held_out={self.held_out} is the split that makes rewards; "
                "choose another one, or a share such as 0.2"
            )


class SplitSource(ClassSource):
    """Yields the classes of a data set that has splits.

    Args:
        config: The source's options.
        splits: Names of the splits that the data set has.
    """

    def __init__(self, config: SplitConfig, splits: Sequence[str]) -> None:
        """Lists the pictures of the splits that are asked for.

        Raises:
            ConfigError: There is no such split.
            InputError: The data set is incomplete or can't be read.
        """
        if config.split not in splits:
            raise ConfigError(
                f"data.split={config.split} is unknown; {nearest(config.split, splits)}"
            )
        listings: Iterable[Listing] = self._listings(config.split)
        held_out = config.held_out
        if isinstance(held_out, str):
            if held_out not in splits:
                raise ConfigError(
                    f"data.held_out={held_out} is neither a split nor a number; "
                    f"{nearest(held_out, splits)}"
                )
            listings = _joined(listings, self._listings(held_out))
            held_out = 0
        super().__init__(config, listings, held_out)

    @abstractmethod
    def _listings(self, split: str) -> Iterable[Listing]:
        """Returns the classes with the pictures of one split."""


def _joined(listings: Iterable[Listing], held_out: Iterable[Listing]) -> Iterator[Listing]:
    checking = {listing.id: listing.members for listing in held_out}
    for listing in listings:
        yield replace(listing, held_out=checking.get(listing.id, ()))
