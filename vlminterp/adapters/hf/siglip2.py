"""SigLIP 2 for any aspect ratio (NaFlex): patches come flattened, with each picture's grid."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vlminterp.adapters.dual_encoder import Pixels
from vlminterp.adapters.hf.siglip import HFSigLIP
from vlminterp.adapters.replay import ReplayState, find_blocks
from vlminterp.adapters.replay_towers import ImageFacts, ReplayVision, whole_patches
from vlminterp.errors import ModelError


class HFSigLIP2(HFSigLIP):
    """SigLIP 2 that keeps aspect ratios: each picture has its own grid, up to a budget."""

    model_type = "siglip2"
    architecture = "Siglip2Model"

    @property
    def trained_size(self) -> tuple[int, int]:
        """Height and width of a picture on the square grid that positions are interpolated from."""
        config = self.model.config.vision_config
        side = round(config.num_patches**0.5) * config.patch_size
        return side, side

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of a square picture."""
        return self.trained_size

    def image_tower(self) -> "NaFlexVision":
        """Returns a tower of patches, pooled by an attention head."""
        patch = self.model.config.vision_config.patch_size
        facts = ImageFacts(size=self.trained_size, patch=(patch, patch), repeats=True)
        return NaFlexVision(self._features, find_blocks(self.model.vision_model), facts)

    def own_image_features(self, pixels: Pixels) -> Tensor:
        """Returns the model's own image embeddings, `[B, D]`, of any length."""
        return self._features(*self.image_tower().take(pixels))

    def _features(self, patches: Tensor, mask: Tensor, shapes: Tensor) -> Tensor:
        output: Any = self.model.get_image_features(
            pixel_values=patches, pixel_attention_mask=mask, spatial_shapes=shapes
        )
        features: Tensor = output.pooler_output
        return features


class NaFlexVision(ReplayVision):
    """An image tower whose pictures differ in their grids; shorter ones are padded and masked."""

    def take(self, inputs: Pixels) -> tuple[Tensor, Tensor, Tensor]:
        """Returns flat patches `[B, N, patch·patch·3]`, which of them count, and the grids.

        Raises:
            ModelError: A picture is not a whole number of patches high and wide.
        """
        patch = self.facts.patch or (1, 1)
        grids = [whole_patches(inputs.size(index), patch) for index in range(len(inputs))]
        for index, (rows, columns) in enumerate(grids):
            if inputs.size(index) != (rows * patch[0], columns * patch[1]):
                raise ModelError(f"pictures must be multiples of {patch[0]} pixels")
        flat = [_flattened(inputs.of(index), patch) for index in range(len(inputs))]
        counted = [torch.ones(len(patches), dtype=torch.long) for patches in flat]
        return (
            pad_sequence(flat, batch_first=True).to(self._weight.device, self._weight.dtype),
            pad_sequence(counted, batch_first=True).to(self._weight.device),
            torch.tensor(grids, device=self._weight.device),
        )

    def state(self, taken: tuple[Tensor, ...], stream: Tensor) -> ReplayState:
        """Returns a state in which padding does not count."""
        patches, mask, shapes = taken
        state = super().state((patches, mask, shapes), stream)
        grids = tuple((rows, columns) for rows, columns in shapes.tolist())
        return replace(state, grids=grids, mask=mask.bool(), coverage=(1.0, 1.0))


def _flattened(picture: Tensor, patch: tuple[int, int]) -> Tensor:
    """Cuts a picture `[3, H, W]` into patches `[N, patch·patch·3]`, row by row, channels last."""
    cut = picture.unfold(1, patch[0], patch[0]).unfold(2, patch[1], patch[1])
    return cut.permute(1, 2, 3, 4, 0).flatten(0, 1).flatten(1)
