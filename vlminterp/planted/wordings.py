"""Wordings of captions: some train models, others only test them.

The held-out ones use words that training knows, in orders that it doesn't.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """The wordings of one family of captions; `{…}` are filled in.

    Attributes:
        training: Wordings that models are trained on.
        held_out: Wordings that no model is trained on.
    """

    training: tuple[str, ...]
    held_out: tuple[str, ...]


THINGS = Wordings(
    training=(
        "{things}",
        "a photo of {things}",
        "a picture of {things}",
        "an image of {things}",
        "a drawing of {things}",
        "a photo with {things}",
        "this is {things}",
        "there is {things}",
        "it shows {things}",
        "look at {things}",
        "we see {things}",
        "here you can see {things}",
        "a picture that shows {things}",
        "this image shows {things}",
    ),
    held_out=(
        "here is a photo of {things}",
        "this picture shows {things}",
        "you can see {things}",
        "an image with {things}",
        "a drawing that shows {things}",
        "in this photo we see {things}",
    ),
)

THINGS_IN_PLACE = Wordings(
    training=(
        "{things} {place}",
        "a photo of {things} {place}",
        "a picture of {things} {place}",
        "{place} there is {things}",
        "{place} we see {things}",
        "this is {things} {place}",
        "look at {things} {place}",
        "an image of {things} taken {place}",
        "it shows {things} {place}",
    ),
    held_out=(
        "here is {things} {place}",
        "{place} you can see {things}",
        "a drawing of {things} {place}",
        "this photo shows {things} {place}",
    ),
)

PLACE = Wordings(
    training=(
        "the {noun}",
        "a photo of the {noun}",
        "this is the {noun}",
        "it shows the {noun}",
        "a picture taken {place}",
        "something {place}",
        "{place}",
    ),
    held_out=(
        "an image of the {noun}",
        "here is the {noun}",
        "a photo taken {place}",
    ),
)

COLOUR = Wordings(
    training=(
        "something {colour}",
        "a photo of something {colour}",
        "there is something {colour}",
        "it shows something {colour}",
        "something that is {colour}",
        "it is {colour}",
    ),
    held_out=(
        "a picture of something {colour}",
        "this is something {colour}",
        "here is something {colour}",
    ),
)
