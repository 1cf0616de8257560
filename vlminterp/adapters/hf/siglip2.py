"""SigLIP 2 for any aspect ratio (NaFlex): patches come flattened, with the grid's size."""

import torch
from torch import Tensor

from vlminterp.adapters.hf.siglip import HFSigLIP
from vlminterp.adapters.replay_towers import ReplayVision


class HFSigLIP2(HFSigLIP):
    """Images are squashed to the square grid that its positions were learned on."""

    model_type = "siglip2"
    architecture = "Siglip2Model"

    @property
    def trained_size(self) -> tuple[int, int]:
        """Of the square grid; any other that fits the patches will do."""
        config = self.model.config.vision_config
        side = round(config.num_patches**0.5) * config.patch_size
        return side, side

    def image_tower(self) -> ReplayVision:
        """Patches of one picture, pooled by an attention head."""
        patch = self.model.config.vision_config.patch_size
        grid = (self.image_size[0] // patch, self.image_size[1] // patch)
        return self.replayed_image(prefix_tokens=0, pools_first=False, grid=grid, repeats=True)

    def image_features(self, values: Tensor) -> Tensor:
        """Cuts pictures `[B, 3, H, W]` into flat patches `[B, N, patch·patch·3]`, row by row."""
        patch = self.model.config.vision_config.patch_size
        batch, _, height, width = values.shape
        rows, columns = height // patch, width // patch
        patches = values.reshape(batch, 3, rows, patch, columns, patch)
        patches = patches.permute(0, 2, 4, 3, 5, 1).reshape(batch, rows * columns, -1)
        mask = torch.ones(patches.shape[:2], dtype=torch.long, device=values.device)
        shapes = torch.tensor([[rows, columns]] * batch, device=values.device)
        output = self.model.get_image_features(
            pixel_values=patches, pixel_attention_mask=mask, spatial_shapes=shapes
        )
        features: Tensor = output.pooler_output
        return features
