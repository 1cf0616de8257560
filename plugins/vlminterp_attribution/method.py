"""The interface of attribution methods: a class with facts, options and one function."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from captum.attr import Attribution
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, State, Tokens
from vlminterp.attribution.explanation import Explanation, Side, require_pairs
from vlminterp.attribution.gradients import derivable, taking_gradients
from vlminterp.attribution.targets import Similarity, Target
from vlminterp.errors import ConfigError
from vlminterp_attribution.batch import Batches, PairBatch

BOTH = (Side.image, Side.text)


class Needs(Enum):
    """The requirements that a method can have of a tower."""

    forward = "any tower"
    gradients = "gradients"
    attention = "attention over all tokens in each block"
    weights = "plain transformer blocks whose weights can be read"


@dataclass(frozen=True)
class Found:
    """The result of a method for a batch of pairs.

    Attributes:
        scores: Contribution of each token, `[B, N]`.
        state: The cut whose tokens are scored.
        numbers: Further numbers of each pair by name, `[B]` each.
    """

    scores: Tensor
    state: State
    numbers: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass
class NoOptions:
    """The options of a method that has none."""


class Method(Attribution, ABC):  # type: ignore[misc]  # captum is untyped
    """A way of explaining image-text pairs.

    A method is a subclass of this or of `TokenMethod` in a file of its own; its docstring's first
    line says what it does. It is found by its entry point in `vlminterp.methods`.

    Attributes:
        paper: The paper that it comes from.
        cost: Passes of the explained tower for each pair.
        needs: Its requirement of the explained tower.
        sides: The sides that it explains.
        targets: The kinds of questions that it answers.
        unit: The unit of its scores; None where it is the target's.
        signs: Whether its scores can count against what is asked, below 0.
        Options: A dataclass of its options.

    Args:
        encoder: The VLM.
        side: The side to explain.
        options: An instance of `Options`; by default `default_options(side)`.
        target: The question; by default the pair's similarity.
        seed: Seed of everything random.
        batches: Batches shared with the methods that run beside this one; their target and seed
            then replace the two above. While they are shared, a result is kept for its inputs:
            neither these nor the model's weights must change.

    Raises:
        ConfigError: The method does not explain this side, or does not answer this question.
    """

    paper: ClassVar[str]
    cost: ClassVar[str]
    needs: ClassVar[Needs]
    sides: ClassVar[tuple[Side, ...]] = BOTH
    targets: ClassVar[tuple[type[Target], ...]] = (Target,)
    unit: ClassVar[str | None] = None
    signs: ClassVar[bool] = True
    Options: ClassVar[type[Any]] = NoOptions
    name: str = ""

    def __init__(
        self,
        encoder: DualEncoder,
        side: Side | str = Side.image,
        options: Any = None,
        target: Target | None = None,
        seed: int = 0,
        batches: Batches | None = None,
    ) -> None:
        self.side = Side(side)
        if self.side not in self.sides:
            raise ConfigError(f"{type(self).__name__} does not explain the {self.side.value} side")
        self._shares = batches is not None
        self.batches = batches or Batches(encoder, target or Similarity(), seed)
        if not isinstance(self.batches.target, self.targets):
            answered = " or ".join(kind.__name__ for kind in self.targets)
            raise ConfigError(
                f"{type(self).__name__} does not answer the target "
                f"{type(self.batches.target).__name__}, but {answered} alone"
            )
        self.encoder = encoder
        self.options = self.default_options(self.side) if options is None else options
        self.name = self.name or type(self).__name__
        tower = encoder.vision if self.side is Side.image else encoder.text
        super().__init__(tower.suffix)

    def attribute(self, pixels: Pixels, tokens: Tokens) -> Explanation:
        """Explains each pair of a batch.

        Args:
            pixels: B images.
            tokens: Their B captions.

        Returns:
            The scores of all tokens. A pair's result does not depend on its batch.

        Raises:
            InputError: There is not one caption for each image, or one is empty.
            ModelError: The tower lacks what the method needs.
        """
        require_pairs(pixels, tokens)
        batch = self.batches(self.side, derivable(pixels), derivable(tokens))
        key = f"{self.name} {self.options}"
        try:
            if key not in batch.explanations:
                with taking_gradients():
                    batch.explanations[key] = self.explanation(batch)
            return batch.explanations[key]
        finally:
            if not self._shares:  # weights and inputs may be changed before the next call
                self.batches.forget()

    @classmethod
    def sides_with(cls, options: Mapping[str, Any]) -> Sequence[Side]:
        """Returns the sides that it explains with some options changed."""
        return cls.sides

    @classmethod
    def default_options(cls, side: Side) -> Any:
        """Returns the options that are used for a side if none are given."""
        return cls.Options()

    def members(self) -> "Sequence[Method]":
        """Returns the methods that this one runs; most run none."""
        return ()

    @abstractmethod
    def explanation(self, batch: PairBatch) -> Explanation:
        """Explains one side of a batch."""


class TokenMethod(Method):
    """A method that gives a score to each token of a cut."""

    @abstractmethod
    def explain(self, batch: PairBatch) -> Found:
        """Returns the contribution of each token of a cut."""

    def explanation(self, batch: PairBatch) -> Explanation:
        """Explains one side of a batch."""
        found = self.explain(batch)
        image, state = self.side is Side.image, found.state
        scores = found.scores.detach().masked_fill(~state.mask, 0)
        return Explanation(
            side=self.side,
            scores=scores.float().cpu(),
            unit=self.unit or batch.target.unit,
            layer=state.block,
            similarity=batch.similarity.detach().float().cpu(),
            prefix_tokens=state.prefix_tokens,
            grids=state.grids,
            coverage=state.coverage,
            geometry=batch.pixels.geometry if image else (),
            words=() if image else batch.tokens.words,
            method=self.name,
            signed=batch.target.signed and self.signs,
            numbers={name: values.float().cpu() for name, values in found.numbers.items()},
        )
