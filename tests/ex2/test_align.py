"""Alignment by TRL: its objective, its tables, and going on after a kill."""

import json
import shutil

import pytest
from vlminterp_ex2.align import align, alignment
from vlminterp_ex2.checkpoints import whole_checkpoints
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.reward import Scores
from vlminterp_ex2.settings import Algorithm, Chat


class KilledError(Exception):
    """Stands for SIGKILL: nothing after it is run."""


class Instead:
    """A scorer of which one method is another's."""

    def __init__(self, scorer, scores):
        self.ids, self.names, self.scale, self.scores = (
            scorer.ids,
            scorer.names,
            scorer.scale,
            scores,
        )


@pytest.fixture
def aligned(tmp_path, context_in, tiny_config, scorer, prompts):
    """Aligns in a folder; returns the outcome and the rows of both tables."""

    def run(name="run", scorer=scorer, **options):
        with context_in(tmp_path / name, tiny_config(**options)) as context:
            found = align(context, scorer, prompts)
            tables = [rows_of(context.results.table(table)) for table in ("align", "samples")]
        return found, *tables

    return run


def test_notes_every_step_and_keeps_samples(aligned, tmp_path, context_in, tiny_config, scorer):
    found, steps, samples = aligned(steps=5)
    assert (found.steps, found.stopped) == (5, None)
    assert [row["step"] for row in steps] == [1, 2, 3, 4, 5]
    assert steps[0]["kl"] == pytest.approx(0, abs=1e-5)  # the policy is still the reference
    assert all(row["kl"] != 0 for row in steps[1:])
    assert [row["step"] for row in samples] == [step for step in range(1, 6) for _ in range(3)]
    shown = [row for row in samples if row["text"]]
    assert shown
    for row in shown:
        own = scorer.ids.index(row["concept"])
        assert row["reward"] == pytest.approx(scorer.scores([row["text"]], [own]).rewards[0])
    with context_in(tmp_path / "run", tiny_config(steps=5)) as context:
        assert alignment(context.results, 5) == found
        assert alignment(context.results, 6) is None


def test_agrees_with_what_trl_has_logged(aligned):
    """TRL's KL is a mean per token: times the mean length it is the sum per response."""
    found, steps, _ = aligned()
    state = json.loads((found.checkpoint / "trainer_state.json").read_text())
    logged = [entry for entry in state["log_history"] if "kl" in entry]
    assert len(logged) == len(steps) == 6
    for row, entry in zip(steps, logged, strict=True):
        assert row["kl"] == pytest.approx(entry["kl"] * entry["completions/mean_length"], abs=1e-4)
        assert row["length"] == entry["completions/mean_length"]
        assert row["clipped"] == entry["completions/clipped_ratio"]
        assert row["loss"] == entry["loss"]
    assert steps[-1]["kl"] > 0.05


def test_only_the_response_is_scored(aligned, scorer):
    scored = []

    def scores(texts, own):
        scored.extend(texts)
        return scorer.scores(texts, own)

    aligned(scorer=Instead(scorer, scores), steps=2)
    assert len(scored) == 16
    assert any(scored)
    assert not any("escribe" in text or "Tell me" in text for text in scored)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"policy": {"learning_rate": 2e-2}},
        {"policy": {"lora": None, "learning_rate": 3e-3}},
        {
            "algorithm": Algorithm.grpo,
            "beta": 0.001,  # its KL is per token,
            "steps": 120,  # and its rewards have unit spread, so that it goes more slowly
        },
    ],
    ids=["lora", "every weight", "grpo"],
)
def test_learns_what_the_vlm_likes(aligned, options):
    _, steps, _ = aligned(**{"steps": 60, **options}, completions=32, save_every=30)
    first, last = ([row["reward"] for row in some] for some in (steps[:8], steps[-8:]))
    assert sum(last) / 8 > sum(first) / 8 + 3
    assert steps[-1]["kl"] > 0.5
    # what earns nothing is unlearnt
    assert steps[-1]["empty"] < steps[0]["empty"] / 2


@pytest.mark.slow
def test_a_larger_beta_keeps_the_policy_nearer(aligned):
    far, near = (
        aligned(f"beta {beta}", steps=40, completions=32, save_every=40, beta=beta)[1]
        for beta in (0.2, 20.0)
    )
    assert near[-1]["kl"] < far[-1]["kl"] / 2


@pytest.mark.parametrize("options", [{}, {"policy": {"lora": None}}], ids=["lora", "every weight"])
def test_goes_on_as_if_it_had_never_been_ended(aligned, scorer, options):
    whole = aligned("whole", **options)
    count = 0

    def scores(texts, own):
        nonlocal count
        count += 1
        if count in (4, 7):  # in step 4, then in step 5: there are checkpoints of steps 2 and 4
            raise KilledError
        return scorer.scores(texts, own)

    for _ in range(2):
        with pytest.raises(KilledError):
            aligned("killed", scorer=Instead(scorer, scores), **options)
    resumed = aligned("killed", scorer=Instead(scorer, scores), **options)
    assert resumed[1:] == whole[1:]
    assert count == 4 + 3 + 2


def test_a_half_written_checkpoint_is_passed_over(aligned, tmp_path):
    whole = aligned("whole")
    aligned("torn", steps=6)
    folder = tmp_path / "torn" / "work" / "align"
    latest = dict(whole_checkpoints(folder))
    (latest[6] / "whole").unlink()
    next(latest[6].glob("*.safetensors")).write_bytes(b"torn")
    (tmp_path / "torn" / "rows" / "align" / "000002.parquet").unlink()
    assert aligned("torn")[1:] == whole[1:]


def test_a_checkpoint_whose_rows_are_lost_is_passed_over(aligned, tmp_path):
    whole = aligned("whole")
    aligned("lost")
    (tmp_path / "lost" / "rows" / "align" / "000001.parquet").unlink()
    assert aligned("lost")[1:] == whole[1:]


def test_without_checkpoints_it_begins_anew(aligned, tmp_path):
    whole = aligned("whole")
    aligned("gone")
    shutil.rmtree(tmp_path / "gone" / "work")
    assert aligned("gone")[1:] == whole[1:]


def test_seeds_differ(tmp_path, context_in, tiny_config, scorer, prompts):
    found = []
    for seed in (0, 1):
        with context_in(tmp_path / str(seed), tiny_config(steps=2), seed) as context:
            align(context, scorer, prompts)
            found.append(rows_of(context.results.table("align")))
    assert found[0] != found[1]


def test_ends_early_with_a_reason_and_stays_ended(aligned):
    found, steps, _ = aligned(steps=6, patience=2, max_kl=1e-9, policy={"learning_rate": 0.05})
    assert found.steps < 6
    assert "the policy has left its reference" in found.stopped
    assert steps[-1]["stopped"] == found.stopped
    assert all(row["stopped"] is None for row in steps[:-1])
    assert found.checkpoint.name == f"checkpoint-{found.steps}"


def test_what_has_no_spread_ends_early(aligned, scorer):
    def indifferent(texts, own):
        return Scores([1.0] * len(texts), [None] * len(texts))

    found, _, _ = aligned(scorer=Instead(scorer, indifferent), patience=2)
    assert (found.steps, "earned the same" in found.stopped) == (2, True)


def test_micro_batches_change_rounding_alone(aligned):
    whole, parts = (
        aligned(f"micro {size}", steps=3, policy={"micro_batch": size})[1] for size in (8, 2)
    )
    assert [row["reward"] for row in parts] == pytest.approx([row["reward"] for row in whole])
    assert parts[-1]["kl"] == pytest.approx(whole[-1]["kl"], abs=1e-3)


def test_chat_templates_are_used(aligned, tmp_path, tiny_policy):
    folder = shutil.copytree(tiny_policy, tmp_path / "chatty")
    template = "{% for m in messages %}u{{ m['content'] }}.{% endfor %}"
    (folder / "chat_template.jinja").write_text(template)
    options = {"steps": 2, "policy": {"checkpoint": str(folder)}}
    _, chat, _ = aligned("chat", **options)
    options["policy"]["chat"] = Chat.plain
    _, plain, _ = aligned("plain", **options)
    assert chat != plain
    assert chat[0]["kl"] == pytest.approx(0, abs=1e-5)
