"""A name's score: how much closer a picture is to it than to the other names."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from vlminterp_audit.names import Names, answers, scores


def names(seed, concepts=5, captions=3):
    embeddings = torch.randn(concepts, captions, 8, generator=torch.Generator().manual_seed(seed))
    texts = tuple(tuple("x" * captions) for _ in range(concepts))
    return Names(texts, embeddings, torch.zeros(captions, 8))


@given(st.integers(0, 1000))
def test_the_score_is_the_names_cosine_less_the_mean_of_the_others(seed):
    known = names(seed)
    pictures = torch.randn(4, 8, generator=torch.Generator().manual_seed(seed + 1))
    cosines = torch.einsum("nd,ktd->nkt", pictures.double(), known.embeddings.double()).mean(-1)
    others = (cosines.sum(1, keepdim=True) - cosines) / (cosines.shape[1] - 1)
    found = scores(pictures, known.contrasts).double()
    assert torch.allclose(found, cosines - others, atol=1e-5)
    assert torch.allclose(found.sum(1), torch.zeros(4, dtype=torch.float64), atol=1e-5)
    assert answers(pictures, known) == cosines.argmax(1).tolist()
