"""Zero-shot accuracy with what was written: arms, truth by hand, and paired differences."""

import json

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch.nn.functional import normalize
from vlminterp_ex2.zero_shot import LABELS, accuracy, hits, texts_of

from tests.ex2.letters import LetterEncoder
from vlminterp.data.concepts import Concept
from vlminterp.errors import InputError

NAMES, IDS = ("owl", "bat", "cat"), ("id-owl", "id-bat", "id-cat")


class Seeing(LetterEncoder):
    """A picture's colour says which letter it is like: its embedding is that of the letter.

    Embeddings are turned at random, so that no two similarities are equal.
    """

    def encode_text(self, texts):
        turn = torch.randn(26, 26, generator=torch.Generator().manual_seed(0))
        return normalize(super().encode_text(texts) @ turn, dim=-1)

    def preprocess(self, images):
        return [chr(image.getpixel((0, 0))[0]) for image in images]

    def encode_image(self, letters):
        return self.encode_text([letter * 9 for letter in letters])


def picture(letter):
    return lambda: Image.new("RGB", (2, 2), (ord(letter), 0, 0))


def broken():
    raise InputError("no picture")


def said(concept, policy, *texts):
    return [{"concept": concept, "policy": policy, "text": text} for text in texts]


ROWS = [
    *said("id-owl", "aligned", "ooo", "ooo", "wwo", ""),
    *said("id-bat", "aligned", "bbb"),
    *said("id-owl", "base", "zzz", "zz", "z"),
    *said("id-bat", "base", "ooo"),
]


def test_arms_have_as_many_texts_as_the_aligned_model_wrote():
    texts = texts_of(ROWS, NAMES, IDS, seed=0)
    assert texts["aligned"] == [["ooo", "wwo"], ["bbb"], ["cat"]]  # each once; a name for nothing
    assert texts["base"] == [["zzz", "zz"], ["ooo"], ["cat"]]
    assert texts["name_only"] == [["owl"], ["bat"], ["cat"]]
    templates = [template("owl") for template in open_clip.OPENAI_IMAGENET_TEMPLATES]
    assert texts["templates_80"][0] == templates
    assert len(templates) == 80
    assert len(texts["templates"][0]) == len(texts["random_words"][0]) == 2
    assert set(texts["templates"][0]) < set(templates)
    assert all(one.startswith("a photo of a owl, which has ") for one in texts["random_words"][0])
    assert texts == texts_of(ROWS, NAMES, IDS, seed=0)
    assert texts["random_words"] != texts_of(ROWS, NAMES, IDS, seed=1)["random_words"]


def test_the_concept_whose_mean_text_is_nearest_wins():
    encoder = Seeing()
    concepts = [
        Concept("id-owl", "owl", (), (picture("o"), picture("w"), broken, picture("z"))),
        Concept("id-bat", "bat", (), (picture("b"),)),
        Concept("id-cat", "cat", (), ()),
    ]
    texts = texts_of(ROWS, NAMES, IDS, seed=0)
    rows = hits(encoder, concepts, texts)
    assert [(row["concept"], row["images"], row["texts"]) for row in rows] == [
        ("id-owl", 3, 2),
        ("id-bat", 1, 1),
    ]
    for row, letters, place in zip(rows, ("owz", "b"), (0, 1), strict=True):
        for arm in LABELS:
            weights = torch.stack(
                [
                    normalize(encoder.encode_text(list(own)).double().mean(0), dim=0)
                    for own in texts[arm]
                ]
            )
            pictures = encoder.encode_text([letter * 9 for letter in letters]).double()
            expected = ((pictures @ weights.T).argmax(1) == place).double().mean()
            assert row[arm] == pytest.approx(float(expected))
    assert rows[1]["aligned"] == 1
    assert rows[1]["base"] == 0


def test_differences_are_of_the_same_concepts():
    rows = [
        {"images": 2, **dict.fromkeys(LABELS, 0.5), "aligned": value, "base": value - 0.25}
        for value in (0.3, 0.5, 0.9, 0.7)
    ]
    found = accuracy(rows)
    assert found["metric"]["mean"] == pytest.approx(0.6)
    paired = found["minus"]["base LLM"]
    assert [paired[end] for end in ("low", "mean", "high")] == pytest.approx([0.25] * 3)
    assert found["minus"]["80 templates"]["mean"] == pytest.approx(0.1)
    assert found["images"] == 8
    json.dumps(found)


def test_exported_descriptions_make_the_same_classifier_in_open_clip():
    """`build_zero_shot_classifier` with one class and its texts as templates."""

    class Model(torch.nn.Module):
        def encode_text(self, texts, normalize=True):
            return LetterEncoder().encode_text(texts)

    descriptions = {"owl": ["ooo", "wwo"], "bat": ["bbb"]}
    columns = [
        open_clip.build_zero_shot_classifier(
            Model(), lambda texts: Texts(texts), [name], [lambda _, t=text: t for text in own]
        )
        for name, own in descriptions.items()
    ]
    from vlminterp_ex2.zero_shot import _classifier

    ours = _classifier(LetterEncoder(), list(descriptions.values()))
    np.testing.assert_allclose(torch.cat(columns, 1).T.numpy(), ours.numpy(), atol=1e-6)


class Texts(list):
    """A tokenizer's output that a model on any device takes."""

    def to(self, device):
        return self
