"""A backend's own pipeline for pictures, together with the way back to the picture."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import pad

from vlminterp.adapters.dual_encoder import Pixels
from vlminterp.adapters.preprocessing.placement import Place, Placement, Size
from vlminterp.adapters.preprocessing.probe import UNUSABLE, Transform, check
from vlminterp.adapters.unloadable import in_words
from vlminterp.data.images import read_image
from vlminterp.errors import InputError, ModelError

TRIED: tuple[Size, ...] = ((283, 480), (480, 283), (97, 61))
"""Heights and widths of the test pictures: wide, tall, small."""
LARGEST = 2**25
"""Maximum number of pixels of a picture on its way to the model, however it is scaled."""


class Preprocessing:
    """Turns pictures into a model's inputs, and knows where each lies on its picture.

    The backend computes the values, whatever it does. Where a picture lies is described here, and
    the description is compared with the backend on test pictures before it is used.

    Args:
        transform: The backend's pipeline for one upright RGB picture.
        place: Function that says where the pipeline puts a picture.
        size: Height and width of the model's input; None where they follow the picture's.
        name: Name in messages.
        only: Height and width of the pictures, where the backend takes no others.

    Raises:
        ModelError: The backend puts pictures elsewhere.
    """

    def __init__(
        self,
        transform: Transform,
        place: Place,
        size: Size | None,
        name: str = "preprocessing",
        only: Size | None = None,
    ) -> None:
        self.size = size
        self._transform = transform
        self._place = place
        self._name = name
        self.only = only
        self._check()

    @classmethod
    def from_processor(cls, processor: Any, image_size: int | None = None) -> "Preprocessing":
        """Makes the pipeline of an image processor of transformers.

        Args:
            processor: The image processor, or a processor that has one.
            image_size: Height and width of the model's input, where not the processor's own; the
                cropped share stays the same.

        Raises:
            ModelError: It does something that can't be undone for a map, or is not known.
        """
        from vlminterp.adapters.preprocessing.processors import described

        return cls(*described(processor, image_size))

    @classmethod
    def from_open_clip(cls, config: Any, transform: Transform | None = None) -> "Preprocessing":
        """Makes open_clip's pipeline.

        Args:
            config: open_clip's `preprocess_cfg`, as a model has it at `model.visual`.
            transform: The transform that `open_clip.create_model_and_transforms` returned for
                evaluation; None to have open_clip make it.

        Raises:
            ModelError: The transform is not what the configuration says.
        """
        from vlminterp.adapters.preprocessing.transforms import described

        return cls(*described(config, transform))

    def __call__(self, images: Sequence[Image.Image]) -> Pixels:
        """Transforms images of any size and mode, after turning them upright and laying on white.

        Raises:
            InputError: An image can't be read, or is not of the only size that the backend takes.
        """
        values, geometry = [], []
        for image in map(read_image, images):
            placement = self._placement((image.height, image.width))
            values.append(self._transform(image).float())
            geometry.append(placement.geometry((image.height, image.width)))
        if self.size is not None:
            return Pixels(torch.stack(values), tuple(geometry))
        sizes = tuple((one.shape[1], one.shape[2]) for one in values)
        height, width = (max(edges) for edges in zip(*sizes, strict=True))
        padded = [pad(one, (0, width - one.shape[2], 0, height - one.shape[1])) for one in values]
        return Pixels(torch.stack(padded), tuple(geometry), sizes)

    def _placement(self, picture: Size) -> Placement:
        if self.only not in (None, picture):
            raise InputError(
                f"a picture of {picture[0]}×{picture[1]} pixels: this model's checkpoint says "
                f"do_resize=false and takes {self.only[0]}×{self.only[1]}"
            )
        return self._place(picture)

    def _check(self) -> None:
        for picture in TRIED if self.only is None else (self.only,):
            try:
                placement = self._place(picture)
                if math.prod(placement.scaled) > LARGEST or math.prod(placement.size) > LARGEST:
                    raise ModelError(f"makes pictures larger than {LARGEST} pixels; mend its sizes")
                check(self._transform, placement, picture)
            except ModelError as error:
                raise ModelError(f"{self._name} {error}") from error
            except UNUSABLE as error:
                raise ModelError(f"{self._name} can't be used: {in_words(error)}") from error
