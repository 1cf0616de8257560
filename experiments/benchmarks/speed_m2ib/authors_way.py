"""M2IB as its authors compute it, written from the paper's description and our fact sheet.

Both whole encoders run on ten copies at every step, the weights stay trainable, and all steps have
a backward pass. It is the baseline of the speed table; the product doesn't use it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel


class NoisyBlock(nn.Module):
    """A block of the image tower, followed by the bottleneck."""

    def __init__(self, block: nn.Module, shape: tuple[int, int]) -> None:
        super().__init__()
        self.block = block
        self.alpha = nn.Parameter(torch.full((1, *shape), 5.0))
        self.capacity: Tensor = torch.zeros(())

    def forward(self, hidden: Tensor, *arguments: Any, **options: Any) -> Tensor:
        hidden = self.block(hidden, *arguments, **options)
        gate = self.alpha.sigmoid().expand_as(hidden)
        mean, variance = gate * hidden, (1 - gate) ** 2
        self.capacity = -0.5 * (1 + variance.log() - mean**2 - variance)
        mixed: Tensor = mean + (1 - gate) * torch.randn_like(hidden)
        return mixed


def image_map(
    model: CLIPModel,
    pixels: Tensor,
    ids: Tensor,
    *,
    layer: int,
    beta: float,
    steps: int,
    copies: int,
) -> Tensor:
    """Computes one heatmap, in nats per token.

    Args:
        model: Any `CLIPModel`; restored afterwards.
        pixels: Pixels, `[1, 3, H, W]`.
        ids: Token ids, `[1, T]`.
        layer: The block after which the bottleneck stands.
        beta: Weight of the information.
        steps: Steps of Adam.
        copies: Noisy copies per step.

    Returns:
        Nats `[N]`, CLS first.
    """
    layers: Any = model.vision_model.encoder.layers
    original = layers[layer]
    config: Any = model.config.vision_config
    tokens = (config.image_size // config.patch_size) ** 2 + 1
    noisy = NoisyBlock(original, (tokens, config.hidden_size))
    layers[layer] = noisy
    try:
        optimiser = torch.optim.Adam([noisy.alpha], lr=1.0)
        for _ in range(steps):
            optimiser.zero_grad()
            image: Any = model.get_image_features(pixel_values=pixels.expand(copies, -1, -1, -1))
            text: Any = model.get_text_features(input_ids=ids.expand(copies, -1))
            fit = functional.cosine_similarity(image.pooler_output, text.pooler_output).mean()
            loss = beta * noisy.capacity.mean() - fit
            torch.autograd.backward(loss)
            optimiser.step()
        return noisy.capacity.detach().mean(0).nansum(-1)
    finally:
        layers[layer] = original
