"""The consensus is a geometric mean of shares, and its members are run once."""

import pytest
import torch
from scipy.stats import spearmanr
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.methods.gae import GAE
from vlminterp_attribution.registry import make_method

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity
from vlminterp.errors import ConfigError

MEMBERS = {"consensus": {"members": ["saliency", "gae"]}}


def test_geometric_mean_of_maps(encoder, inputs):
    batches = Batches(encoder, Similarity(), 0, MEMBERS)
    one, two, both = (
        make_method(name, Side.image, batches).attribute(*inputs)
        for name in ("saliency", "gae", "consensus")
    )
    for index in range(4):
        maps = [m.map(index).clamp(min=0) for m in (one, two)]
        expected = ((maps[0] / maps[0].sum()) * (maps[1] / maps[1].sum())).sqrt()
        expected /= expected.sum()
        torch.testing.assert_close(both.map(index), expected, rtol=1e-4, atol=1e-7)
        rank = spearmanr(one.map(index).flatten(), two.map(index).flatten()).statistic
        assert both.numbers["agreement"][index].item() == pytest.approx(rank, abs=1e-5)
        entropy = -(expected * expected.log()).sum() / torch.tensor(16.0).log()
        assert both.numbers["spread"][index].item() == pytest.approx(entropy.item(), abs=1e-5)
    assert (both.scores[:, 0] == 0).all(), "CLS is no patch"


def test_geometric_mean_of_words(encoder, inputs):
    batches = Batches(encoder, Similarity(), 0, MEMBERS)
    found = make_method("consensus", Side.text, batches).attribute(*inputs)
    for index in range(4):
        assert sum(score for _, score in found.word_scores(index)) == pytest.approx(1, abs=1e-5)


def test_members_run_once(encoder, inputs, monkeypatch):
    """Also where they are run by themselves in the same run."""
    calls = []
    explain = GAE.explain
    monkeypatch.setattr(GAE, "explain", lambda self, b: calls.append(1) or explain(self, b))
    batches = Batches(encoder, Similarity(), 0, MEMBERS)
    for name in ("consensus", "gae", "saliency"):
        make_method(name, Side.image, batches).attribute(*inputs)
    assert len(calls) == 1


def test_one_number_says_that_members_disagree(encoder, inputs):
    batches = Batches(encoder, Similarity(), 0, {"consensus": {"members": ["gae", "gae", "ig"]}})
    found = make_method("consensus", Side.image, batches).attribute(*inputs)
    assert (found.numbers["agreement"] > 0.3).all()


@pytest.mark.parametrize("members", [["gae"], ["gae", "gae"], ["gae", "consensus"]])
def test_too_few_members(encoder, members):
    batches = Batches(encoder, Similarity(), 0, {"consensus": {"members": members}})
    with pytest.raises(ConfigError, match="two or more other methods"):
        make_method("consensus", Side.image, batches)
