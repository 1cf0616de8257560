"""The tab that explains a picture: what `vlminterp look` shows, by several VLMs and methods."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
from vlminterp_attribution.look.side_by_side import side_by_side
from vlminterp_attribution.options import FAITHFUL
from vlminterp_attribution.registry import method_names

from vlminterp.errors import UserError
from vlminterp_app.asking import answers, asked
from vlminterp_app.encoders import AT_ONCE, EMBEDDED, Encoders
from vlminterp_app.frames import framed
from vlminterp_app.mistakes import told
from vlminterp_app.picture_file import picture_file

ABOUT_MODELS = (
    "Names, hub ids or folders. planted-base knows planted scenes and nothing else: for "
    "photographs take clip-vit-b32 or another one."
)
ABOUT_METHODS = "exclip and fixlip tell which word looks where: words light patches, patches words."


def look_tab(encoders: Encoders, scenes: Sequence[Sequence[str]]) -> None:
    """Lays the tab out.

    Args:
        encoders: The VLMs.
        scenes: Examples: a picture's path and two captions each.
    """
    with gr.Row():
        with gr.Column():
            picture = picture_file(label="Picture", height=300, sources=["upload", "clipboard"])
            examples = gr.Column()
        with gr.Column():
            first = gr.Textbox(label="Caption", placeholder="a cat, sitting")
            second = gr.Textbox(label="Compare with", placeholder="a dog (may stay empty)")
            models = gr.Dropdown(
                encoders.names(),
                value=[EMBEDDED],
                multiselect=True,
                allow_custom_value=True,
                label="VLMs",
                info=ABOUT_MODELS,
            )
            methods = gr.Dropdown(
                method_names(),
                value=[FAITHFUL],
                multiselect=True,
                label="Methods",
                info=ABOUT_METHODS,
            )
            with gr.Row():
                explain = gr.Button("Explain", variant="primary", elem_id="explain")
                stop = gr.Button("Stop")
    with examples:
        gr.Examples(
            [list(scene) for scene in scenes],
            [picture, first, second],
            label="Planted scenes, in which it is known what is where",
        )
    page = gr.HTML(elem_id="maps")

    def explained(*choices: Any) -> Iterator[str]:
        try:
            for found, failures in answers(encoders, asked(*choices)):
                if found:
                    yield framed(side_by_side(found, failures), "Maps side by side")
        except UserError as error:
            raise told(error) from error

    running = gr.on(
        [explain.click, first.submit, second.submit],
        explained,
        [picture, first, second, models, methods],
        page,
        concurrency_id=AT_ONCE,
        concurrency_limit=1,
    )
    stop.click(None, cancels=[running])
