"""The tab that shows what a VLM likes to hear, and scores captions."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from markupsafe import Markup

from vlminterp.plugin import load_plugin
from vlminterp.results.run_folder import RunFolder
from vlminterp_app.concepts import concepts_of
from vlminterp_app.encoders import AT_ONCE, EMBEDDED, Encoders
from vlminterp_app.finished import finished_runs, likes_something, offered
from vlminterp_app.frames import fragment, framed
from vlminterp_app.mistakes import telling
from vlminterp_app.picture_file import picture_file
from vlminterp_app.scoring import COLUMNS, pictures_of, scored


def likes_tab(outputs: Path, encoders: Encoders) -> None:
    """Lays the tab out.

    Args:
        outputs: The folder of finished runs.
        encoders: The VLMs.
    """
    with gr.Row():
        folder = gr.Textbox(str(outputs), label="Folder of runs", scale=1)
        run = gr.Dropdown(
            offered(outputs, likes_something),
            value=None,
            label="Run",
            info="of ex2 or bank; without one, score captions below",
            scale=3,
            min_width=320,
            elem_id="liked-run",
        )
    page = gr.HTML(elem_id="likes")
    gr.Markdown("### Score captions of your own")
    with gr.Row():
        with gr.Column():
            model = gr.Dropdown(
                encoders.names(), value=EMBEDDED, allow_custom_value=True, label="VLM"
            )
            concept = gr.Dropdown(
                list(concepts_of(None)),
                value=None,
                label="Concept",
                info="of the run's data",
                elem_id="concept",
            )
            picture = picture_file(label="or a picture of your own", height=200, sources=["upload"])
        with gr.Column():
            captions = gr.Textbox(
                label="Captions, one a line",
                lines=5,
                placeholder="an owl\nan owl in the forest\nan owl with big eyes",
                elem_id="captions",
            )
            score = gr.Button("Score", variant="primary", elem_id="score")
            result = gr.Dataframe(
                headers=list(COLUMNS), interactive=False, label="Scores", elem_id="scores"
            )

    @telling
    def score_captions(
        model: str, run: str | None, concept: str | None, picture: str | None, captions: str
    ) -> pd.DataFrame:
        pictures = pictures_of(concepts_of(run).get(concept or ""), picture)
        return scored(encoders(model or ""), captions, pictures).round(4)

    folder.submit(_found, folder, run)
    run.change(_liked, run, [page, model, concept])
    score.click(
        score_captions,
        [model, run, concept, picture, captions],
        result,
        concurrency_id=AT_ONCE,
        concurrency_limit=1,
    )


@telling
def _found(outputs: str) -> Any:
    finished_runs(outputs)  # tells where there is no such folder
    return gr.Dropdown(offered(outputs, likes_something), value=None)


@telling
def _liked(path: str | None) -> tuple[Any, ...]:
    """Shows a run's answer with its grounds, and chooses its VLM and its concepts."""
    if path is None:
        return "", gr.skip(), gr.Dropdown(list(concepts_of(None)), value=None)
    run = RunFolder.read(Path(path))
    content = load_plugin(run.names["plugin"]).report(run)
    verdict = Markup('<p class="verdict">{}</p>').format((run.summary or {}).get("verdict", ""))
    parts = [
        Markup("<section><h2>{}</h2>{}</section>").format(section.title, section.body)
        for section in content.sections[:1]
    ]
    page = fragment(verdict + Markup("").join(parts), content.style)
    names = list(concepts_of(path))
    return (
        framed(page, "What the VLM likes to hear"),
        run.names["model"],
        gr.Dropdown(names, value=None),
    )
