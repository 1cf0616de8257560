"""A user's question about a picture, put to every chosen VLM and method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlminterp_attribution.look.answer import PictureAnswer, answer

from vlminterp.adapters.inputs import require_readable
from vlminterp.data.images import read_image
from vlminterp.errors import ConfigError, InputError, UserError
from vlminterp_app.encoders import Encoders

SEED = 0


@dataclass(frozen=True)
class PictureQuestion:
    """A checked question.

    Attributes:
        picture: Path of a picture that can be read.
        captions: One caption or two.
        models: The VLMs' names, one or more.
        methods: The methods' names, one or more.
    """

    picture: Path
    captions: list[str]
    models: list[str]
    methods: list[str]


def asked(
    picture: str | None,
    first: str | None,
    second: str | None,
    models: Sequence[str] | None,
    methods: Sequence[str] | None,
) -> PictureQuestion:
    """Checks what a user has chosen.

    Raises:
        UserError: Something is missing or can't be used.
    """
    if not picture:
        raise InputError("there is no picture: drop one, or choose one of the scenes")
    captions = [text.strip() for text in (first, second) if text and text.strip()]
    if not captions:
        raise InputError("there is no caption: type one, or two to compare")
    if len(set(captions)) < len(captions):
        raise InputError("both captions are the same: type another one, or leave one empty")
    if not models:
        raise ConfigError("there is no VLM: choose one, or type a folder")
    if not methods:
        raise ConfigError("there is no method: choose one")
    for caption in captions:
        require_readable(caption)
    return PictureQuestion(readable(picture), captions, list(models), list(methods))


def readable(picture: str) -> Path:
    """Returns the path of a dropped picture.

    Raises:
        InputError: The picture can't be read; the message names it without its folder.
    """
    path = Path(picture)
    try:
        read_image(path)
    except InputError as error:
        raise InputError(str(error).replace(f"{path.parent}/", "")) from error
    return path


def answers(
    encoders: Encoders, question: PictureQuestion
) -> Iterator[tuple[list[PictureAnswer], list[str]]]:
    """Asks one VLM by one method after another.

    Args:
        encoders: Loads the VLMs that the question names, and keeps some of them.
        question: The picture, its captions, and who is asked.

    Yields:
        After each method all answers so far, of which there may be none, and a line on each VLM
        and method that has none; in the end all of them once more.

    Raises:
        UserError: There is no answer at all; it is the first one's reason.
    """
    found: list[PictureAnswer] = []
    failures: dict[str, UserError] = {}
    for model in question.models:
        try:
            encoder = encoders(model)
        except UserError as error:
            failures[model] = error
            continue
        for method in question.methods:
            try:
                found.append(answer(encoder, question.picture, question.captions, method, SEED))
            except UserError as error:
                failures[f"{model} by {method}"] = error
            yield list(found), [f"{where}: {error}" for where, error in failures.items()]
    if not found:
        raise next(iter(failures.values()))
    yield found, [f"{where}: {error}" for where, error in failures.items()]
