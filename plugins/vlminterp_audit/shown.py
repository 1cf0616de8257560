"""The rows of the tested pictures: what is seen in each, and what exchanges do to it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.description.embed import encode_images
from vlminterp.drawing.overlay import overlay
from vlminterp.plugin import Context
from vlminterp_audit.effects import Effects
from vlminterp_audit.look import Evidence, Onlooker, without_hottest
from vlminterp_audit.names import Names, answers
from vlminterp_audit.pool import Pool
from vlminterp_audit.settings import AuditConfig
from vlminterp_audit.things import Things
from vlminterp_audit.trials import ALONE, Exchange, Trial
from vlminterp_audit.verdict import HeardPhrase

LOOKED = 4
"""Pictures of each concept whose maps are made."""
SHOWN = 2
"""Pictures of each concept that are saved with their counterfactuals, and looked at for phrases."""
SAVED_SIDE = 160
"""Longer side of a saved picture, in pixels."""

Row = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


class PictureRows:
    """Writes the rows of trials.

    Args:
        context: The run's context.
        pool: The pictures.
        names: The concepts' names as captions.
        exchange: Makes pictures anew that are to be saved.
        things: The pictures taken apart.
        onlooker: Explains pictures.
    """

    def __init__(
        self,
        context: Context[AuditConfig],
        pool: Pool,
        names: Names,
        exchange: Exchange,
        things: Things,
        onlooker: Onlooker,
    ) -> None:
        self._context = context
        self._pool = pool
        self._names = names
        self._exchange = exchange
        self._things = things
        self._onlooker = onlooker

    def rows(
        self, about: int, trials: Sequence[Trial], found: Effects, phrases: Sequence[HeardPhrase]
    ) -> tuple[list[Row], Arrays]:
        """Returns the rows of a concept's trials, and their maps."""
        looks = self._looks(trials[:LOOKED], self._names.captions[about][0])
        said = self._looks(trials[:SHOWN], phrases[0].text) if phrases else []
        rows = []
        for place, trial in enumerate(trials):
            row = self._row(about, trial)
            row |= {
                "object": float(found.object[place]),
                "context": float(found.context[place]),
            }
            if place < len(looks):
                row |= self._seen(about, trial, looks[place])
            if place < len(said):
                row |= self._phrase(trial, said[place], phrases[0].text)
            if place < SHOWN:
                row |= self._save(about, place, trial, looks[place])
            rows.append(row)
        return rows, {f"{place}.heat": look.heat for place, look in enumerate(looks)}

    def _looks(self, trials: Sequence[Trial], caption: str) -> list[Evidence]:
        images = [self._things.take(trial.picture).image for trial in trials]
        return self._onlooker.look(images, [caption] * len(images))

    def _row(self, about: int, trial: Trial) -> Row:
        """Returns what a picture shows, and its scores and answers after exchanges."""
        thing, owner = self._things.take(trial.picture), self._pool.owner(trial.picture)
        direction = self._names.contrasts[about]
        grid = (trial.embeddings @ direction).double().cpu().numpy()
        alone = (trial.alone @ direction).double().cpu().numpy()
        return {
            "concept": self._pool.concepts[about].id,
            "picture": owner.facts(self._pool.loads[trial.picture]).name or str(trial.picture),
            "shows": owner.name,
            "regions": thing.origin.value,
            "area": float(thing.mask.mean()),
            "score": float(grid[0, 0]),
            "other_object": float(grid[1:, 0].mean()),
            "other_background": float(grid[0, 1:].mean()),
            "other_both": float(grid[1:, 1:].mean()),
            **{name: float(value) for name, value in zip(ALONE, alone, strict=True)},
            **self._answers(trial),
        }

    def _seen(self, about: int, trial: Trial, look: Evidence) -> Row:
        """Returns where the heat of the name lies, and the scores without what it marks."""
        thing = self._things.take(trial.picture)
        removed = encode_images(self._context.encoder, without_hottest(thing.image, look.heat))
        scores = (removed @ self._names.contrasts[about]).double().cpu().tolist()
        return {
            "without_heat": scores[0],
            "without_elsewhere": scores[1],
            "on_object": look.on_object(thing.mask),
            "place": look.place(thing.mask),
            "passport": look.passport,
            "trust": look.trust,
        }

    def _answers(self, trial: Trial) -> Row:
        """Returns the zero-shot answers before and after each exchange."""
        size = trial.embeddings.shape[0]
        flat = answers(trial.embeddings.flatten(0, 1), self._names)
        grid = np.asarray(flat).reshape(size, -1)
        name = [concept.name for concept in self._pool.concepts]
        return {
            "answer": name[grid[0, 0]],
            "answers_other_object": [name[k] for k in grid[1:, 0]],
            "answers_other_background": [name[k] for k in grid[0, 1:]],
        }

    def _phrase(self, trial: Trial, look: Evidence, text: str) -> Row:
        mask = self._things.take(trial.picture).mask
        return {
            "phrase": text,
            "phrase_place": look.place(mask),
            "phrase_on_object": look.on_object(mask),
            "phrase_passport": look.passport,
        }

    def _save(self, about: int, place: int, trial: Trial, look: Evidence) -> Row:
        """Saves the picture, its heat, and the picture with its object or background exchanged."""
        own, image = trial.picture, self._things.take(trial.picture).image
        top = float(np.nanmax(look.heat))
        made = {
            "saved": image,
            "saved_heat": overlay(image, look.heat, top),
            "saved_object": self._exchange.compose(own, trial.objects[0], own),
            "saved_background": self._exchange.compose(own, own, trial.backgrounds[0]),
        }
        name = f"{about:04d}-{self._pool.concepts[about].id}-{place}"
        return {key: self._saved(f"{name}-{key}", one) for key, one in made.items()}

    def _saved(self, name: str, image: Image.Image) -> str:
        small = image.copy()
        small.thumbnail((SAVED_SIDE, SAVED_SIDE))
        return self._context.results.save_picture(name, small)
