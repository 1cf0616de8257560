"""Counts the captions' words."""

from dataclasses import dataclass

from vlminterp.plugin import Context, Plugin


@dataclass
class Config:
    """Options.

    Attributes:
        shout: Whether captions are written in capitals.
    """

    shout: bool = False


class CaptionsPlugin(Plugin):
    """Writes one row per pair."""

    Config = Config

    def run(self, context: Context) -> None:
        """Reads every caption."""
        for number, pairs in context.batches(2):
            rows = []
            for place, pair in enumerate(pairs, 2 * number):
                text = pair.text.upper() if context.config.shout else pair.text
                words = len(context.encoder.tokenize([text]).words[0])
                rows.append({"pair": place, "id": pair.id, "text": text, "count": words})
            context.results.parts.write(number, rows, {})
        context.results.finish({"kind": "captions"})
