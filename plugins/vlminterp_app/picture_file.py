"""A picture that a user drops, handed on as a file of any format that the product reads."""

from typing import Any

import gradio as gr
from gradio.data_classes import ImageData


def picture_file(**options: Any) -> gr.Image:
    """Returns Gradio's picture, less its reader, which knows fewer formats than ours.

    Args:
        options: Arguments of `gradio.Image`.
    """
    made = gr.Image(type="filepath", **options)
    # Not a subclass: Gradio would write a stub of it beside this file whenever it is imported.
    made.preprocess = _path
    return made


def _path(payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path
