"""Freezes what is not linear around a tower's blocks, so that contributions add up."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class FrozenNorms(TorchFunctionMode):
    """Makes norms linear maps: their standard deviation or length counts as a constant.

    Values stay the same, gradients do not: those through a norm are of a linear map, so that the
    product of gradient and input is what an input contributes. It holds for this thread, inside the
    `with` statement.

    Args:
        others: Further functions of torch to replace, each by another.
    """

    def __init__(self, others: Mapping[Any, Callable[..., Tensor]] | None = None) -> None:
        super().__init__()
        self._replaced: dict[Any, Callable[..., Any]] = {
            functional.layer_norm: _layer_norm,
            functional.normalize: _normalize,
            **(others or {}),
        }

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Calls the replacement of a function, or the function itself."""
        return self._replaced.get(func, func)(*args, **(kwargs or {}))


def _layer_norm(
    values: Tensor,
    shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    axes = tuple(range(-len(shape), 0))
    centred = values - values.mean(axes, keepdim=True)
    variance = values.detach().var(axes, correction=0, keepdim=True)
    normed = centred / (variance + eps).sqrt()
    normed = normed if weight is None else normed * weight
    return normed if bias is None else normed + bias


def _normalize(
    values: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None
) -> Tensor:
    length: Tensor = values.detach().norm(p, dim, keepdim=True)
    return values / length.clamp_min(eps)
