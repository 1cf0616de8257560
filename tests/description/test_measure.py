"""A bank scored in one pass, against one text and one image at a time."""

import numpy as np
import pytest
import torch
from PIL import Image

from vlminterp.data.concepts import Concept
from vlminterp.description.bank import Bank, BankRow
from vlminterp.description.class_means import class_means
from vlminterp.description.measure import measure, texts_to_score


@pytest.fixture(scope="module")
def encoder(load_tiny):
    return load_tiny("hf", "float64")


def pictures(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    return [Image.fromarray(some) for some in noise]


CONCEPTS = [
    Concept(str(k), name, tuple(lambda image=image: image for image in pictures(k)))
    for k, name in enumerate(("owl", "red fox", "tree"))
]


def mean_cosine(encoder, text, concept):
    with torch.no_grad():
        vector = encoder.encode_text(encoder.tokenize([text]))
        images = [load() for load in concept.images]
        cosines = [encoder.encode_image(encoder.preprocess([image])) @ vector.T for image in images]
    return float(torch.stack(cosines).mean())


def test_one_by_one(encoder):
    rows = [
        BankRow("", "", "{concept}"),
        *[BankRow(str(k), "x", f"{{concept}} {k}") for k in range(3)],
    ]
    bank = Bank(rows, [c.id for c in CONCEPTS], [c.name for c in CONCEPTS])
    swapped = bank.swapped(1)
    advanced = []
    found = measure(encoder, bank, swapped, class_means(encoder, CONCEPTS), 2, advanced.append)
    assert sum(advanced) == texts_to_score(bank, swapped) == 9
    for said, own, contrast in zip(
        bank.said, found["own"].scores, found["contrastive"].scores, strict=True
    ):
        cosines = [mean_cosine(encoder, said.text, concept) for concept in CONCEPTS]
        others = np.delete(cosines, said.about)
        assert own == pytest.approx(cosines[said.about], abs=1e-6)
        assert contrast == pytest.approx(cosines[said.about] - others.mean(), abs=1e-6)
    for swap in swapped:
        row = swap.row
        about = bank.said[row].about
        expected = mean_cosine(encoder, bank.said[row].text, CONCEPTS[about]) - mean_cosine(
            encoder, swap.text, CONCEPTS[about]
        )
        assert found["own"].content.per_concept[about, 0] == pytest.approx(expected, abs=1e-6)


def test_one_class_has_no_contrast(encoder):
    bank = Bank([BankRow("", "", "a"), BankRow("", "x", "b")], ["0"], ["owl"])
    found = measure(encoder, bank, bank.swapped(), class_means(encoder, CONCEPTS[:1]))
    assert list(found) == ["own"]
    assert found["own"].content.intervals() == {}
