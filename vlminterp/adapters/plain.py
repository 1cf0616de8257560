"""Tells whether a module's weights alone say what it computes, so that they may be used directly.

An adapter (LoRA), a quantised layer, a hook, a parametrisation or a forward that some tool has put
there changes what a module computes, but not its `weight`.
"""

from collections.abc import Iterable

from torch import nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

LINEAR = (nn.Linear, NonDynamicallyQuantizableLinear)
"""Types that multiply by `weight` and add `bias`; their subclasses need not do so."""


def untouched(modules: Iterable[nn.Module]) -> bool:
    """Tells whether calling modules runs their classes' forwards and nothing else.

    Args:
        modules: The modules; those inside them are not looked at.
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
    """Tells whether a module is a linear map by its own `weight` and `bias`."""
    return type(module) in LINEAR and plain_parameters(module.weight, module.bias)


def plain_parameters(*parameters: object) -> bool:
    """Tells whether parameters are stored as they are used: none is quantised, computed or None."""
    return all(type(parameter) is nn.Parameter for parameter in parameters)
