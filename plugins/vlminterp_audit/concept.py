"""Audits one concept: what the VLM likes to hear of it, and what it goes by when it names it."""

import zlib
from collections.abc import Sequence
from typing import Any

from vlminterp.metrics.intervals import Interval, mean_interval
from vlminterp.plugin import Context
from vlminterp_audit.effects import effects
from vlminterp_audit.hear import Heard, Listener
from vlminterp_audit.look import Onlooker
from vlminterp_audit.names import Names, answers
from vlminterp_audit.pool import Pool
from vlminterp_audit.regions import Origin
from vlminterp_audit.settings import AuditConfig
from vlminterp_audit.shown import PictureRows
from vlminterp_audit.tables import FLAGS, HEARD, PHRASES, PICTURES
from vlminterp_audit.things import Things
from vlminterp_audit.trials import Exchange, Trial, scored
from vlminterp_audit.verdict import Driver, Flag, driver, flags_of, matters

Row = dict[str, Any]


class Auditor:
    """Audits the concepts of a pool, and writes a part of each table for each.

    Args:
        context: The run's context.
        pool: The pictures.
        names: The concepts' names as captions.
        listener: Measures what phrases are worth.
        exchange: Makes the trials.
        things: The pictures taken apart.
        onlooker: Explains pictures.
    """

    def __init__(
        self,
        context: Context[AuditConfig],
        pool: Pool,
        names: Names,
        listener: Listener,
        exchange: Exchange,
        things: Things,
        onlooker: Onlooker,
    ) -> None:
        self._results = context.results
        self._config = context.config
        self._seed = context.seed
        self._pool = pool
        self._names = names
        self._listener = listener
        self._exchange = exchange
        self._rows = PictureRows(context, pool, names, exchange, things, onlooker)

    def audit(self, about: int) -> None:
        """Audits a concept, by its place; the main table's row is written last: it is then done."""
        concept = self._pool.concepts[about]
        seed = zlib.crc32(f"{self._seed} {concept.id}".encode())
        heard = self._listener.hear(about, seed)
        trials = list(self._exchange.trials(about, self._config.pictures, seed))
        if not trials:
            reason = "no picture that the VLM gives this name to can be taken apart"
            self._write(about, [], {})
            self._results.parts.write(about, [{"id": concept.id, "skipped": reason}], {})
            return
        found = effects(scored(trials, self._names.contrasts[about]))
        total, shares = mean_interval(found.total), found.shares()
        drive = driver(total, shares, self._config.margin, self._config.least)
        pictures, arrays = self._rows.rows(about, trials, found, heard.best)
        by_map = any(row["regions"] == Origin.map.value for row in pictures)
        # A map marks only a part of an object: the rest of it would pass for background.
        judged = Driver.neither if by_map else drive
        recognised = self._recognised(about)
        shown = _mean([row["shows"] == concept.name for row in pictures])
        flags = flags_of(
            concept.name,
            judged,
            shares[1],
            heard.best,
            self._config.margin,
            known=recognised + shown > 0,
            suspect=judged is Driver.undecided and matters(shares[1], self._config.least),
        )
        liked = [phrase for phrase in heard.best if phrase.is_liked(self._config.margin)]
        row = {
            "concept": concept.id,
            "name": concept.name,
            "driver": drive.value,
            "pictures": len(trials),
            "shown": shown,
            "recognised": recognised,
            "name_gain": self._name_gain(about),
            "regions": Origin.map.value if by_map else pictures[0]["regions"],
            **_interval("total", total),
            **_interval("object", shares[0]),
            **_interval("context", shares[1]),
            "interaction": float(found.interaction.mean()),
            "heat_on_object": _mean([row["on_object"] for row in pictures if "on_object" in row]),
            "area": _mean([row["area"] for row in pictures]),
            "likes": liked[0].family if liked else None,
            "phrase": liked[0].text if liked else None,
            "gain": liked[0].gain.mean if liked else None,
            "flags": [flag.kind.value for flag in flags],
        }
        self._write(about, pictures, arrays, _phrases(heard, trials), _families(heard), flags)
        self._results.parts.write(about, [row], {})

    def _recognised(self, about: int) -> float:
        """Returns the share of the concept's own pictures that the VLM gives its name."""
        own = self._pool.embeddings[self._pool.of(about)]
        return _mean([answer == about for answer in answers(own, self._names)])

    def _name_gain(self, about: int) -> float:
        """Returns what the name adds to captions that name nothing, on its own pictures."""
        lift = self._names.means[about] - self._names.nameless.mean(0)
        return float((self._pool.embeddings[self._pool.of(about)] @ lift).mean())

    def _failures(self) -> list[Row]:
        """Returns rows of the pictures that could not be taken apart, and forgets them."""
        rows = [
            {"id": self._pool.owner(picture).id, "skipped": reason}
            for picture, reason in sorted(self._exchange.failed.items())
        ]
        self._exchange.failed.clear()
        return rows

    def _write(
        self,
        about: int,
        pictures: list[Row],
        arrays: dict[str, Any],
        phrases: Sequence[Row] = (),
        families: Sequence[Row] = (),
        flags: Sequence[Flag] = (),
    ) -> None:
        """Writes a part of each table beside the main one."""
        own, table = {"concept": self._pool.concepts[about].id}, self._results.table
        table(PICTURES).write(about, [*pictures, *self._failures()], arrays)
        table(PHRASES).write(about, [own | row for row in phrases], {})
        table(HEARD).write(about, [own | row for row in families], {})
        table(FLAGS).write(about, [own | _flag(flag) for flag in flags], {})


def _phrases(heard: Heard, trials: Sequence[Trial]) -> list[Row]:
    """Returns a row for each phrase, with what exchanges do to its own score, without the name."""
    rows = []
    for phrase, alone in zip(heard.best, heard.alone, strict=True):
        found = effects(scored(trials, alone))
        rows.append(
            {
                "family": phrase.family,
                "text": phrase.text,
                **_interval("gain", phrase.gain),
                **_interval("elsewhere", phrase.elsewhere),
                **_interval("transfer", phrase.transfer),
                **_interval("swapped", phrase.swapped),
                **_interval("object", mean_interval(found.object)),
                **_interval("context", mean_interval(found.context)),
            }
        )
    return rows


def _families(heard: Heard) -> list[Row]:
    return [
        {"family": family, "presence": gain, "shuffled": heard.elsewhere[family]}
        for family, gain in heard.gains.items()
    ]


def _flag(flag: Flag) -> Row:
    return {
        "flag": flag.kind.value,
        "sure": flag.sure,
        "bad": flag.bad,
        "weight": flag.weight,
        "phrase": flag.phrase,
        "says": flag.says,
    }


def _interval(name: str, interval: Interval) -> Row:
    """Returns the columns of a mean and its interval; what is not a number is None."""
    values = {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return {key: value if value == value else None for key, value in values.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
