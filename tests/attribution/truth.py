"""An attributor that knows the planted truth."""

import torch

from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.metrics.words import named

PAIRS, GRID = 12, 16


class FromTruth:
    """An attributor that knows the truth: `sign` 1 tells it, -1 tells the opposite."""

    def __init__(self, encoder, source, side, sign=1):
        self.encoder, self.side, self.sign = encoder, side, sign
        self.pairs = source.pairs()

    def attribute(self, pixels, tokens):
        batch = [next(self.pairs) for _ in range(len(pixels))]
        similarity = self.encoder.encode_image(pixels) * self.encoder.encode_text(tokens)
        rows = map(self._image if self.side is Side.image else self._text, batch, tokens.words)
        width = GRID * GRID + 1 if self.side is Side.image else tokens.ids.shape[1]
        scores = torch.stack([torch.nn.functional.pad(r, (0, width - len(r))) for r in rows])
        image = self.side is Side.image
        return Explanation(
            side=self.side,
            scores=self.sign * scores,
            unit="truth",
            layer=0,
            similarity=similarity.sum(-1),
            prefix_tokens=1 if image else 0,
            grids=((GRID, GRID),) * len(pixels) if image else (),
            geometry=pixels.geometry if image else (),
            words=() if image else tokens.words,
        )

    def _image(self, pair, _):
        size = 128 // GRID
        share = pair.load_mask().reshape(GRID, size, GRID, size).mean((1, 3))
        return torch.cat([torch.zeros(1), torch.from_numpy(share).float().flatten()])

    def _text(self, pair, words):
        scores = torch.zeros(words[-1].stop + 1)
        for word, true in zip(words, named(words, pair.named_words), strict=True):
            scores[word.start : word.stop] = float(true)
        return scores
