"""Which word looks where: closed forms, sums, slow twins and brute force, in float64."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional
from vlminterp_attribution import game
from vlminterp_attribution.batch import Batches, PairBatch
from vlminterp_attribution.coalitions import coalitions
from vlminterp_attribution.game import games
from vlminterp_attribution.methods import exclip
from vlminterp_attribution.options import read_options
from vlminterp_attribution.registry import load_method, make_method

from vlminterp.adapters.dual_encoder import EMBEDDINGS, Geometry, Pixels, State, Tokens, Tower, Word
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Contrast, ImageSimilarity, Similarity
from vlminterp.errors import ConfigError

GRID, PATCH, WORDS, SIZE = (2, 3), 2, 3, 5
NAMES = ("exclip", "fixlip")


def drawn(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class HandSet(Tower):
    """A tower whose embedding is a sum of its tokens' vectors, bent if `bend` is above 0."""

    depth = 1

    def __init__(self, weight, bend):
        self.weight, self.bend = weight, bend

    def advance(self, state, layer):
        assert layer == state.block
        return state

    def suffix(self, state):
        total = (state.hidden * state.mask[..., None] @ self.weight).sum(1)
        return total + self.bend * torch.tanh(total.roll(1, 1)) * total.roll(2, 1).square()


class HandSetImages(HandSet):
    """Its tokens are patches of pixels."""

    def prefix(self, inputs, layer):
        patches = functional.unfold(inputs.values, PATCH, stride=PATCH).mT
        everyone = torch.ones(patches.shape[:2], dtype=torch.bool)
        return State(patches, 0, everyone, None, 0, (GRID,) * len(patches))


class HandSetTexts(HandSet):
    """Its tokens are columns of a table, without positions."""

    def prefix(self, inputs, layer):
        return State(drawn(4, 9, 4)[inputs.ids], -1, inputs.mask, None, 0)


class HandSetEncoder:
    """A VLM of two such towers; the score is their inner product."""

    def __init__(self, bend):
        self.vision = HandSetImages(drawn(0, 3 * PATCH * PATCH, SIZE), bend)
        self.text = HandSetTexts(drawn(1, 4, SIZE), bend)

    def encode_image(self, pixels):
        return self.vision.encode(pixels)

    def encode_text(self, tokens):
        return self.text.encode(tokens)


@pytest.fixture
def hand_set():
    """Two pictures of 2 × 3 patches and their captions of three words between two specials."""
    size = (GRID[0] * PATCH, GRID[1] * PATCH)
    values = drawn(2, 2, 3, *size)
    ids = torch.tensor([[0, 2, 3, 4, 1], [0, 7, 5, 6, 1]])
    special = torch.tensor([True, False, False, False, True]).expand(2, -1)
    words = tuple(Word(str(place), place, place + 1, (place, place + 1)) for place in (1, 2, 3))
    return (
        Pixels(values, (Geometry(size, (0, 0, size[1], size[0])),) * 2),
        Tokens(ids, torch.ones_like(ids).bool(), special, (words,) * 2, (False,) * 2),
    )


def explained(name, encoder, inputs, **options):
    batches = Batches(encoder, Similarity(), 0, {name: options})
    return make_method(name, Side.image, batches).attribute(*inputs)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("exclip", {"steps": 1}),
        ("exclip", {"steps": 5}),
        ("fixlip", {}),
        ("fixlip", {"kept": 0.3}),
        ("fixlip", {"samples": 40, "ridge": 0.0}),  # of 64 sets of patches
        ("fixlip", {"samples": 40, "ridge": 0.0, "kept": 0.6}),
    ],
)
def test_bilinear_model(hand_set, name, options):
    """A word and a patch contribute the product of their vectors, whatever is beside them."""
    encoder, (pixels, tokens) = HandSetEncoder(0.0), hand_set
    found = explained(name, encoder, hand_set, **options)
    patches = functional.unfold(pixels.values, PATCH, stride=PATCH).mT
    if name == "exclip":  # from the mean patch, and the mean of begin and end
        patches = patches - patches.mean(1, keepdim=True)
    words = drawn(4, 9, 4)[tokens.ids]
    words = words[:, 1:4] - (words[:, [0, 4]].mean(1, keepdim=True) if name == "exclip" else 0)
    expected = words @ encoder.text.weight @ (patches @ encoder.vision.weight).mT
    assert [tuple(one.shape) for one in found.interactions] == [(WORDS, *GRID)] * 2
    got = torch.stack(found.interactions).flatten(2).double()
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


def brute_force(encoder, pixels, tokens, chance):
    """The mean over all sets of the others of how much more a word adds beside a patch."""
    pair = Pixels(pixels.values[:1], pixels.geometry[:1]), row_of(tokens, 0)
    (picture,), _ = games(PairBatch(encoder, Side.image, *pair, Similarity(), 0))
    (caption,), _ = games(PairBatch(encoder, Side.text, *pair, Similarity(), 0))
    sets = [list(itertools.product([0, 1], repeat=one.players)) for one in (picture, caption)]
    seen = picture.embeddings(torch.tensor(sets[0]).view(-1, *GRID))
    read = caption.embeddings(torch.tensor(sets[1]))
    scores = {(s, t): float(seen[i] @ read[j]) for i, s in enumerate(sets[0])
              for j, t in enumerate(sets[1])}  # fmt: skip
    values = np.zeros((caption.players, picture.players))
    for (s, t), score in scores.items():
        for word, patch in np.ndindex(values.shape):
            others = sum(s) + sum(t) - s[patch] - t[word]
            away = picture.players + caption.players - 2 - others
            sign = 1 if s[patch] == t[word] else -1
            values[word, patch] += sign * chance**others * (1 - chance) ** away * score
    return values, scores


def row_of(tokens, index):
    some = {name: getattr(tokens, name)[index : index + 1] for name in vars(tokens)}
    return replace(tokens, **some)


@pytest.mark.parametrize("chance", [0.5, 0.3, 0.8])
def test_banzhaf_interactions_by_definition(hand_set, chance):
    """On a game that is not bilinear in its players."""
    encoder = HandSetEncoder(0.3)
    expected, _ = brute_force(encoder, *hand_set, chance)
    found = explained("fixlip", encoder, hand_set, kept=chance).interactions[0]
    np.testing.assert_allclose(found.flatten(1), expected, rtol=1e-5, atol=1e-5)
    flat, _ = brute_force(HandSetEncoder(0.0), *hand_set, chance)
    assert np.abs(expected - flat).max() > 0.1


def test_banzhaf_interactions_are_shapiqs(hand_set):
    """With and without interactions inside a picture or a caption: the index is the same."""
    shapiq = pytest.importorskip("shapiq")
    encoder = HandSetEncoder(0.3)
    _, scores = brute_force(encoder, *hand_set, 0.5)
    patches, words = GRID[0] * GRID[1], WORDS

    def play(kept):
        rows = kept.astype(int).tolist()
        return np.array([scores[tuple(row[:patches]), tuple(row[patches:])] for row in rows])

    computer = shapiq.ExactComputer(play, n_players=patches + words)
    found = explained("fixlip", encoder, hand_set).interactions[0].flatten(1)
    for index in ("BII", "FBII"):
        values = computer(index, order=2)
        expected = [[values[(p, patches + w)] for p in range(patches)] for w in range(words)]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_one_regression_for_each_tower_is_one_for_both(hand_set):
    """The least squares over every set of patches with every set of words, in one design."""
    encoder, (pixels, tokens) = HandSetEncoder(0.3), hand_set
    found = explained("fixlip", encoder, hand_set, samples=20, ridge=0.0).interactions[0]
    batch = PairBatch(encoder, Side.image, pixels, tokens, Similarity(), 0)
    caption = PairBatch(encoder, Side.text, pixels, tokens, Similarity(), 0)
    generator = torch.Generator().manual_seed(batch.seeds[0])
    seen, read = (coalitions(players, 20, generator).kept for players in (6, WORDS))
    assert len(seen) == 20
    images = games(batch)[0][0].embeddings(seen.view(-1, *GRID))
    texts = games(caption)[0][0].embeddings(read)
    ones = [torch.cat([torch.ones(len(kept), 1), kept], 1).double() for kept in (seen, read)]
    design = torch.kron(*ones)
    answer = torch.linalg.lstsq(design, (images @ texts.T).flatten()[:, None]).solution
    expected = answer.view(7, WORDS + 1)[1:, 1:].T
    torch.testing.assert_close(found.flatten(1).double(), expected, rtol=1e-4, atol=1e-4)


def cuts(encoder, inputs):
    """Both towers at exCLIP's cuts, with its baselines."""
    pixels, tokens = inputs
    image, text = encoder.vision.prefix(pixels, 0), encoder.text.prefix(tokens, EMBEDDINGS)
    seen, read = image.hidden.clone(), text.hidden.clone()
    seen[:, 1:] = image.hidden[:, 1:].mean(1, keepdim=True)
    for row, special, mask, words in zip(
        read, tokens.special, tokens.mask, tokens.words, strict=True
    ):
        mean = row[special & mask].mean(0)
        for word in words:
            row[word.start : word.stop] = mean
    return (image, seen), (text, read)


def test_exclip_is_complete(encoder, inputs, method_of):
    """Words with patches add up to s(x, y) - s(x, base) - s(base, y) + s(base, base)."""
    found = method_of("exclip", steps=40).attribute(*inputs)
    with torch.no_grad():
        (image, seen), (text, read) = cuts(encoder, inputs)
        moved = encoder.vision.suffix(image) - encoder.vision.suffix(image.with_hidden(seen))
        told = encoder.text.suffix(text) - encoder.text.suffix(text.with_hidden(read))
    expected = (moved * told).sum(1)
    totals = torch.stack([one.sum() for one in found.interactions]).double()
    torch.testing.assert_close(totals, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.scores.sum(1).double(), expected, rtol=1e-5, atol=1e-6)
    assert expected.abs().min() > 0.01


def test_exclip_is_the_product_of_whole_jacobians(encoder, inputs, method_of):
    """As in the paper: a backward pass for each dimension of each embedding, point by point."""
    index, steps = 1, 3
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    with torch.no_grad():
        sides = cuts(encoder, inputs)
    vectors = []
    for tower, (state, start) in zip((encoder.vision, encoder.text), sides, strict=True):

        def embed(hidden, tower=tower, state=state):
            everyone = torch.cat([state.hidden[:index], hidden[None], state.hidden[index + 1 :]])
            return tower.suffix(state.with_hidden(everyone))[index]

        change = (state.hidden - start)[index]
        mean = sum(
            weight / 2 * torch.autograd.functional.jacobian(
                embed, start[index] + (node + 1) / 2 * change)
            for node, weight in zip(nodes, weights, strict=True)
        )  # fmt: skip
        vectors.append((mean * change).sum(2).T)  # [tokens, D]
    words = torch.stack([vectors[1][w.start : w.stop].sum(0) for w in inputs[1].words[index]])
    expected = (words @ vectors[0][1:].T).view(-1, 4, 4)
    found = method_of("exclip", steps=steps).attribute(*inputs).interactions[index]
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_are_sums(inputs, encoder, method_of, name):
    image = method_of(name).attribute(*inputs)
    text = method_of(name, "text").attribute(*inputs)
    for index, words in enumerate(inputs[1].words):
        own = image.interactions[index]
        assert own.shape == (len(words), 4, 4)
        torch.testing.assert_close(own.sum(0), image.map(index))
        scores = torch.tensor([score for _, score in text.word_scores(index)])
        torch.testing.assert_close(own.sum((1, 2)), scores)
    some = image.rows([2, 0])
    assert torch.equal(some.interactions[0], image.interactions[2])
    assert some.words == (inputs[1].words[2], inputs[1].words[0])
    beside = replace(image, words=((Word("CLS", 0, 1, (0, 3)),),) * 4)
    assert torch.equal(beside.normalised(), image.normalised()), "words are no tokens of it"


@pytest.mark.parametrize("name", NAMES)
def test_sides_that_run_together_share_their_work(encoder, inputs, monkeypatch, name):
    calls = []
    whole = load_method(name).interactions
    monkeypatch.setattr(
        load_method(name), "interactions", lambda *given: calls.append(1) or whole(*given)
    )
    batches = Batches(encoder, Similarity(), 0, {"exclip": {"steps": 2}, "fixlip": {"samples": 8}})
    for side in Side:
        make_method(name, side, batches).attribute(*inputs)
    assert calls == [1]


@pytest.mark.parametrize("name", NAMES)
def test_pairs_do_not_depend_on_their_batch(encoder, pictures, captions, method_of, name):
    """Beside longer captions too."""
    together = method_of(name).attribute(encoder.preprocess(pictures), encoder.tokenize(captions))
    for index in (3, 0):
        alone = method_of(name).attribute(
            encoder.preprocess([pictures[index]]), encoder.tokenize([captions[index]])
        )
        torch.testing.assert_close(together.interactions[index], alone.interactions[0])


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_chunked(encoder, inputs, method_of, monkeypatch, name):
    """No pass has more rows than the chunk, or than the batch; the result is the same."""
    chunk = 5
    whole = method_of(name).attribute(*inputs)
    monkeypatch.setattr(exclip, "TOGETHER", chunk)
    monkeypatch.setattr(game, "CHUNK", chunk)
    rows = []
    for tower in (encoder.vision, encoder.text):
        run = tower.suffix
        monkeypatch.setattr(
            tower, "suffix", lambda state, run=run: rows.append(len(state.hidden)) or run(state)
        )
    few = method_of(name).attribute(*inputs)
    assert max(rows) <= max(chunk, 4)
    for ours, theirs in zip(few.interactions, whole.interactions, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_caption_without_words(encoder, inputs, method_of, name):
    pixels, tokens = inputs
    bare = replace(tokens, words=((), *tokens.words[1:]))
    found = method_of(name).attribute(pixels, bare)
    assert found.interactions[0].shape == (0, 4, 4)
    assert (found.scores[0] == 0).all()
    assert found.scores[1].abs().max() > 0
    none = method_of(name).attribute(pixels, replace(tokens, words=((),) * 4))
    assert (none.scores == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_questions_that_are_not_about_a_pair(encoder, inputs, method_of, name):
    for target in (Contrast(["a fox"]), ImageSimilarity(inputs[0])):
        with pytest.raises(ConfigError, match=r"answer the target .*, but Similarity alone"):
            method_of(name, target=target)


@pytest.mark.parametrize(
    ("name", "options"),
    [("exclip", {"steps": 0}), ("fixlip", {"kept": 1.0}), ("fixlip", {"samples": 1})],
)
def test_options_out_of_range(name, options):
    with pytest.raises(ConfigError, match=r"must be (above 0|between 0 and 1|even)"):
        read_options(name, load_method(name).default_options(Side.image), options)
