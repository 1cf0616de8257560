"""The command line of `vlminterp app`."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
PORT = 7860
MISSING = "the app needs Gradio, which is not installed: pip install 'vlminterp[app]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the app on this machine alone until Ctrl-C.

    Args:
        arguments: The command line after `app`; the process's own by default.

    Returns:
        The exit code: 0, or 1 with one line on stderr.
    """
    options = _parser().parse_args(arguments)
    # Read while Gradio is imported: neither it nor the hub's library tells anybody of its use.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if find_spec("gradio") is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    reason = _why_not(options.port)
    if reason is not None:
        sys.stderr.write(f"port {options.port} can't be used: {reason}; give another by --port\n")
        return 1
    from vlminterp_app.serving import serve

    serve(options.outputs, options.device, HOST, options.port, browser=options.open)
    return 0


def _why_not(port: int) -> str | None:
    """Returns why a port can't be listened at; None if it can."""
    try:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # just closed is free
            tried.bind((HOST, port))
    except OSError as error:
        return str(error.strerror)
    except OverflowError as error:
        return str(error)
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vlminterp app",
        description="Opens a page on this machine to play with: explain a picture by several VLMs "
        "and methods, browse finished runs, see what a VLM likes to hear.",
    )
    parser.add_argument(
        "outputs",
        type=Path,
        nargs="?",
        default=Path("outputs"),
        help="the folder of finished runs; default: outputs",
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps or auto")
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    parser.add_argument(
        "--no-open", dest="open", action="store_false", help="don't open the page in a browser"
    )
    return parser
