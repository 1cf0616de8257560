"""The tab that browses finished runs, row by row."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from vlminterp.config.messages import one_line
from vlminterp.errors import ConfigError, UserError
from vlminterp.results.run_folder import RunFolder
from vlminterp_app.finished import finished_runs, offered
from vlminterp_app.frames import framed
from vlminterp_app.mistakes import telling
from vlminterp_app.row_page import row_page
from vlminterp_app.rows import MOST, Wanted, chosen, read_rows, scores, shown, tables

DIGITS = 3
NO_RUNS = "no finished run in PLUGIN/MODEL/HASH of this folder"


def runs_tab(outputs: Path) -> None:
    """Lays the tab out.

    Args:
        outputs: The folder of finished runs that is shown at first.
    """
    with gr.Row():
        folder = gr.Textbox(str(outputs), label="Folder of runs", scale=1)
        run = gr.Dropdown(**_offered(outputs), label="Run", scale=3, min_width=320, elem_id="run")
    with gr.Row():
        table = gr.Dropdown([], label="Table")
        word = gr.Textbox(label="Word", placeholder="search the texts", elem_id="word")
        score = gr.Dropdown([], label="Score", info="to filter and sort by", elem_id="score-column")
        low = gr.Textbox(label="At least", elem_id="low")
        high = gr.Textbox(label="At most")
    with gr.Row():
        doubtful = gr.Checkbox(label="Doubtful only (by passport)", min_width=240)
        failures = gr.Checkbox(label="Show failures (what is named is missed)", min_width=240)
        descending = gr.Checkbox(label="Highest score first", min_width=240)
    count = gr.Markdown(elem_id="count")
    rows = gr.Dataframe(
        interactive=False,
        max_height=420,
        elem_id="rows",
        label="Rows: choose one to see it",
        show_label=True,
        max_chars=60,
    )
    page = gr.HTML(elem_id="row")

    found = [rows, count]
    filters = [run, table, word, score, low, high, doubtful, failures, descending]
    folder.submit(_found, folder, run)
    run.change(_opened, run, [table, page])
    table.change(_scored, [run, table], score).then(_filtered, filters, found)
    gr.on(
        [box.submit for box in (word, low, high)]
        + [box.blur for box in (word, low, high)]
        + [box.input for box in (score, doubtful, failures, descending)],
        _filtered,
        filters,
        found,
        trigger_mode="always_last",  # leaving a box and ticking another are two events at once
    )
    rows.select(_selected, [run, table], page)


def _offered(outputs: str | Path) -> dict[str, Any]:
    """Returns the labels and paths of the finished runs, or a line that there are none."""
    runs = offered(outputs, lambda run: True)
    return {"choices": runs, "value": None, "info": None if runs else NO_RUNS}


@telling
def _found(outputs: str) -> Any:
    finished_runs(outputs)  # tells where there is no such folder
    return gr.Dropdown(**_offered(outputs))


@telling
def _opened(run: str | None) -> tuple[Any, str]:
    """Offers the tables of a run, and forgets the row that was shown."""
    names = [] if run is None else tables(RunFolder.read(Path(run)))
    return gr.Dropdown(names, value=names[0] if names else None), ""


@telling
def _scored(run: str | None, table: str | None) -> Any:
    """Offers the scores of a table."""
    if run is None or table is None:
        return gr.Dropdown([], value=None)
    return gr.Dropdown(scores(read_rows(RunFolder.read(Path(run)), table)), value=None)


def _filtered(run: str | None, table: str | None, *wanted: Any) -> tuple[Any, str]:
    """Returns the wanted rows, and how many they are; or the old rows, and the user's mistake.

    A mistake is no error here: after one, Gradio forgets an event that was waiting for this one.
    """
    try:
        return _wanted_rows(run, table, *wanted)
    except UserError as error:
        return gr.skip(), escape(one_line(error))


def _wanted_rows(run: str | None, table: str | None, *wanted: Any) -> tuple[pd.DataFrame, str]:
    if run is None or table is None:
        return pd.DataFrame(), ""
    frame = read_rows(RunFolder.read(Path(run)), table)
    word, score, low, high, *others = wanted
    kept = chosen(frame, Wanted(word.strip(), score, _number(low), _number(high), *others))
    told = f"{len(kept):,} of {len(frame):,} rows"
    if len(kept) > MOST:
        told += f"; the first {MOST:,} are shown: filter, or sort by a score, to see others"
    return shown(frame).loc[kept.index[:MOST]].round(DIGITS), told


def _number(text: str) -> float | None:
    """Reads a typed number; None where nothing is typed."""
    try:
        return float(text.replace("−", "-")) if text.strip() else None
    except ValueError as error:
        raise ConfigError(f"“{text}” is no number: type one such as 0.5") from error


@telling
def _selected(run: str | None, table: str | None, event: gr.SelectData) -> str:
    """Shows the row of the chosen cell."""
    if run is None or table is None:
        return ""
    page = row_page(RunFolder.read(Path(run)), table, int(event.row_value[0]))
    return framed(page, "The chosen row")
