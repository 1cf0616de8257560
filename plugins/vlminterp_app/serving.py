"""Serves the app's page on this machine."""

import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from vlminterp_app.browsing import runs_tab
from vlminterp_app.encoders import Encoders
from vlminterp_app.liking import likes_tab
from vlminterp_app.looking import look_tab
from vlminterp_app.scenes import write_scenes
from vlminterp_app.theme import theme

TITLE = "vlminterp app"
LARGEST = "100mb"
"""The largest picture that can be dropped, as a file."""


def serve(outputs: Path, device: str, host: str, port: int, *, browser: bool) -> None:
    """Serves the app until Ctrl-C.

    Args:
        outputs: The folder of finished runs that is shown at first.
        device: The device that VLMs are loaded to, as `vlminterp.load` takes it.
        host: The address to listen at.
        port: The port to listen at.
        browser: Whether to open the page in a browser.
    """
    with TemporaryDirectory(prefix="vlminterp-app-") as folder:
        app = page(outputs, Encoders(device), Path(folder))
        own = files("vlminterp_app")
        _, url, _ = app.queue(default_concurrency_limit=1, api_open=False).launch(
            server_name=host,
            server_port=port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            ssr_mode=False,
            run_history=False,
            enable_monitoring=False,
            mcp_server=False,
            footer_links=[],
            max_file_size=LARGEST,
            allowed_paths=[folder],
            theme=theme(),
            css=own.joinpath("app.css").read_text("utf-8"),
            head=f"<script>{own.joinpath('frames.js').read_text('utf-8')}</script>",
            inbrowser=browser,
        )
        sys.stdout.write(f"{url}  (this machine alone; Ctrl-C ends it)\n")
        sys.stdout.flush()
        app.block_thread()


def page(outputs: Path, encoders: Encoders, folder: Path) -> gr.Blocks:
    """Lays the app's page out.

    Args:
        outputs: The folder of finished runs that is shown at first.
        encoders: The VLMs that are kept loaded.
        folder: A folder for the scenes that the app offers as examples.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False) as app:
        gr.Markdown("# What does a VLM look at, and what does it like to hear?")
        with gr.Tab("Look"):
            look_tab(encoders, write_scenes(folder))
        with gr.Tab("Runs"):
            runs_tab(outputs)
        with gr.Tab("What it likes to hear"):
            likes_tab(outputs, encoders)
    return app
