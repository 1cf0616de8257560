"""`method=nearness`."""

from torch import Tensor
from torch.nn import functional
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.method import Found, Needs, TokenMethod


class Nearness(TokenMethod):
    """Tells how near each token is to the token that the tower pools."""

    paper = "none"
    cost = "1 forward"
    needs = Needs.forward
    unit = "cosine"

    def explain(self, batch: PairBatch) -> Found:
        """Compares the tokens after block 0 with the first."""
        state = Cut(batch, 0).state
        near: Tensor = functional.cosine_similarity(state.hidden, state.hidden[:, :1], dim=2)
        return Found(near, state)
