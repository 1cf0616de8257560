"""Tells whether a module's weights are all there is to it, so that they may be read past its call.

An adapter (LoRA), a quantised layer, a hook, a parametrisation or a forward that some tool has put
there changes what a module computes, but not the `weight` that one reads.
"""

from collections.abc import Iterable

from torch import nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

LINEAR = (nn.Linear, NonDynamicallyQuantizableLinear)
"""Types that multiply by `weight` and add `bias`; none of their subclasses need do so."""


def untouched(modules: Iterable[nn.Module]) -> bool:
    """Tells whether calling modules runs the forwards of their classes and nothing beside them.

    Args:
        modules: Each is looked at by itself, without the modules inside it.
    """
    return not any(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or "forward" in vars(module)
        for module in modules
    )


def plain_linear(module: nn.Module) -> bool:
    """Tells whether a module is a linear map of the weight and the bias that one reads from it."""
    return type(module) in LINEAR and plain_parameters(module.weight, module.bias)


def plain_parameters(*parameters: object) -> bool:
    """Tells whether parameters are stored as they are used: none is quantised, computed or None."""
    return all(type(parameter) is nn.Parameter for parameter in parameters)
