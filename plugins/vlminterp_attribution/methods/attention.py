"""Raw attention: the weights of the last block, or of the pooling, as a map."""

from vlminterp_attribution.attended import run_recorded
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod


class RawAttention(TokenMethod):
    """Shows where the pooled token looks in the last block, as the mean over heads.

    Where the tower pools by attention, that attention is shown. The map does not depend on the
    question: another caption gives the same one.
    """

    paper = "none; criticised in Jain and Wallace, Attention is not Explanation, NAACL 2019"
    cost = "1 forward"
    needs = Needs.attention
    signs = False
    unit = "probability"

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once."""
        run = run_recorded(batch, gradients=False)
        if run.pooling is not None:
            return Found(run.pooling.probabilities.mean((1, 2)), run.state)
        return Found(run.pooled_rows(run.blocks[-1].probabilities.mean(1), None), run.state)
