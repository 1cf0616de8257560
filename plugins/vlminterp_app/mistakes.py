"""Tells a user's mistake as one line on the page."""

from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any, TypeVar

import gradio as gr

from vlminterp.config.messages import one_line
from vlminterp.errors import UserError

Handler = TypeVar("Handler", bound=Callable[..., Any])


def told(error: UserError) -> gr.Error:
    """Returns the error that the page shows as one line, until it is closed."""
    line = escape(one_line(error))
    return gr.Error(line, duration=None, title="This did not work", print_exception=False)


def telling(handler: Handler) -> Handler:
    """Wraps what answers an event, so that the page shows a user's mistake as one line."""

    @wraps(handler)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return handler(*arguments, **options)
        except UserError as error:
            raise told(error) from error

    return wrapped  # type: ignore[return-value]  # it has the handler's signature
