"""Records the attention of any tower, without code for each family of models.

Nearly all models call `torch.nn.functional.scaled_dot_product_attention`, or torch's multi-head
attention, which calls it. While a recording lasts, an explicit softmax(QKᵀ/√d + mask)V replaces
that function in its module. The replacement records only in the thread (or task) that opened the
recording; calls from others go to torch's own.
"""

import math
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from vlminterp.errors import ModelError

Edit = Callable[["RecordedAttention"], Tensor]
"""Returns the probabilities to use instead of the recorded ones, in the same shape."""


@dataclass(frozen=True, eq=False)
class RecordedAttention:
    """One call of an attention, with H heads, Q queries and K keys.

    With gradients enabled all tensors are part of the graph, even if neither input nor weights
    need a gradient: `torch.autograd.grad(score, [attention.probabilities])`.

    Attributes:
        query: Queries, `[B, H, Q, d]`.
        key: Keys, `[B, H, K, d]`.
        value: Values, `[B, H, K, d]`.
        probabilities: Probabilities before dropout and before any edit, `[B, H, Q, K]`; each row
            sums to 1, or to 0 where the query may attend to no key.
        output: Output before the output projection, after any edit, `[B, H, Q, d]`.
        scale: The factor of the logits, by default 1/√d.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    probabilities: Tensor
    output: Tensor
    scale: float


@dataclass
class Recording:
    """The attentions of a run, in the order of their calls.

    Attributes:
        attentions: All calls so far.
        edit: Returns the probabilities to use instead of the recorded ones; None to keep those.
    """

    attentions: list[RecordedAttention] = field(default_factory=list)
    edit: Edit | None = None

    def blocks(self, depth: int, batch: int) -> list[RecordedAttention]:
        """Returns the self-attention of each block, from the first to the last.

        Args:
            depth: Number of blocks that ran.
            batch: Number of inputs that ran together.

        Raises:
            ModelError: Not every block has a recorded attention over all its tokens.
        """
        found = [one for one in self.attentions if _is_whole(one, batch)]
        if len(found) != depth:
            raise ModelError(
                f"the attention can be recorded in {len(found)} of the {depth} blocks that ran: "
                "the others have none, look at windows, or compute it in their own way"
            )
        return found

    def pooling(self, batch: int) -> RecordedAttention | None:
        """Returns the attention that pools the last block's tokens, if the tower has one."""
        if not self.attentions or _is_whole(self.attentions[-1], batch):
            return None
        return self.attentions[-1]


def _is_whole(attention: RecordedAttention, batch: int) -> bool:
    shape = attention.probabilities.shape
    return len(shape) == 4 and shape[0] == batch and shape[2] == shape[3]


NAME = "_attn_implementation"
"""The attribute by which a configuration of transformers chooses the attention."""

_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


def is_recording() -> bool:
    """Tells whether this thread (or task) is recording."""
    return _current.get() is not None


@contextmanager
def recording(modules: Iterable[nn.Module] = (), edit: Edit | None = None) -> Iterator[Recording]:
    """Records every attention that this thread computes inside the `with` statement.

    Args:
        modules: Modules of transformers, which are switched to torch's attention meanwhile if they
            were loaded with another.
        edit: The recording's edit; see `Recording`.

    Yields:
        The recording, which grows as the model runs.
    """
    own = Recording(edit=edit)
    with _asked_for_sdpa(modules), _StandIn():
        token = _current.set(own)
        try:
            yield own
        finally:
            _current.reset(token)


@contextmanager
def _asked_for_sdpa(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Makes modules of transformers call torch's attention, however they were loaded."""
    configs = {id(module.config): module.config for module in modules if _may_choose(module)}
    before = {key: getattr(config, NAME) for key, config in configs.items()}
    changed = {key: config for key, config in configs.items() if before[key] != "sdpa"}
    for config in changed.values():
        setattr(config, NAME, "sdpa")
    try:
        yield
    finally:
        for key, config in changed.items():
            setattr(config, NAME, before[key])


def _may_choose(module: nn.Module) -> bool:
    """Tells whether a module looks up its attention by name; others use the name only for masks."""
    choice = "ALL_ATTENTION_FUNCTIONS"
    code = sys.modules.get(type(module).__module__)
    return hasattr(code, choice) and hasattr(getattr(module, "config", None), NAME)


class _StandIn:
    """The replacement of torch's functions while any thread records; the last restores them."""

    _lock = threading.Lock()
    _users = 0
    _attend: Callable[..., Tensor] = functional.scaled_dot_product_attention
    _multi_head: Callable[..., Any] = functional.multi_head_attention_forward
    _fast_path = True

    def __enter__(self) -> None:
        kind = _StandIn
        with kind._lock:
            if kind._users == 0:
                kind._attend = functional.scaled_dot_product_attention
                kind._multi_head = functional.multi_head_attention_forward
                kind._fast_path = torch.backends.mha.get_fastpath_enabled()
                functional.scaled_dot_product_attention = _attend
                functional.multi_head_attention_forward = _multi_head
                torch.backends.mha.set_fastpath_enabled(False)
            kind._users += 1

    def __exit__(self, *_: object) -> None:
        kind = _StandIn
        with kind._lock:
            kind._users -= 1
            if kind._users == 0:
                functional.scaled_dot_product_attention = kind._attend
                functional.multi_head_attention_forward = kind._multi_head
                torch.backends.mha.set_fastpath_enabled(kind._fast_path)


def _attend(*args: Any, **kwargs: Any) -> Tensor:
    current = _current.get()
    if current is None:
        return _StandIn._attend(*args, **kwargs)
    return _explicit(current, *args, **kwargs)


def _multi_head(*args: Any, need_weights: bool = True, **kwargs: Any) -> Any:
    """Makes torch's multi-head attention call `scaled_dot_product_attention` in every case."""
    current = _current.get()
    if current is None or not need_weights:
        return _StandIn._multi_head(*args, need_weights=need_weights, **kwargs)
    output, _ = _StandIn._multi_head(*args, need_weights=False, **kwargs)
    weights = current.attentions[-1].probabilities
    return output, weights.mean(1) if kwargs.get("average_attn_weights", True) else weights


def _explicit(  # noqa: PLR0913 - torch's own signature
    current: Recording,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,  # noqa: FBT001, FBT002 - torch's own
    scale: float | None = None,
    enable_gqa: bool = False,  # noqa: FBT001, FBT002 - torch's own
) -> Tensor:
    """Computes softmax(QKᵀ/√d + mask)V and records it."""
    if enable_gqa:
        groups = query.shape[1] // key.shape[1]
        key, value = (tensor.repeat_interleave(groups, 1) for tensor in (key, value))
    query, key, value = (_in_graph(tensor) for tensor in (query, key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    # as in torch, both factors are scaled, so that the product does not overflow in half precision
    logits = (query * math.sqrt(scale)) @ (key * math.sqrt(scale)).mT
    if is_causal:
        attn_mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        logits = logits.masked_fill(~attn_mask, -torch.inf)
    elif attn_mask is not None:
        logits = logits + attn_mask
    # a query that may attend to no key gets 0, as in torch, not NaN
    blind = (logits == -torch.inf).all(-1, keepdim=True)
    probabilities = logits.masked_fill(blind, 0).softmax(-1).masked_fill(blind, 0)
    output = functional.dropout(probabilities, dropout_p) @ value
    recorded = RecordedAttention(query, key, value, probabilities, output, scale)
    if current.edit is not None:
        recorded = replace(recorded, output=current.edit(recorded) @ value)
    current.attentions.append(recorded)
    return recorded.output


def _in_graph(tensor: Tensor) -> Tensor:
    """Returns the tensor, made part of the graph if gradients are enabled."""
    if tensor.requires_grad or not torch.is_grad_enabled():
        return tensor
    return tensor.detach().requires_grad_()
