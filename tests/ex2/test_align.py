"""Alignment by TRL: its objective, its tables, and going on after a kill."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from vlminterp_ex2.align import align, alignment
from vlminterp_ex2.checkpoints import whole_checkpoints
from vlminterp_ex2.devices import on_one_device
from vlminterp_ex2.journal import rows_of, timings
from vlminterp_ex2.likelihood import Overheard, log_likelihoods
from vlminterp_ex2.reward import Scores
from vlminterp_ex2.settings import Algorithm, Chat, Lora


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


@pytest.fixture(scope="module")
def align_in(context_in, tiny_config, scorer, prompts):
    """Aligns in a folder; returns the outcome and the rows of both tables."""

    def run(path, scorer=scorer, **options):
        with context_in(path, tiny_config(**options)) as context:
            found = align(context, scorer, prompts)
            tables = [rows_of(context.results.table(table)) for table in ("align", "samples")]
        return found, *tables

    return run


@pytest.fixture
def aligned(tmp_path, align_in):
    """The same, in a folder of this test's."""

    def run(name="run", **options):
        return align_in(tmp_path / name, **options)

    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, align_in):
    """The folder of a training that nothing disturbs, which no test may touch; what it returned."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    return folder, align_in(folder)


@pytest.fixture
def whole(undisturbed):
    return undisturbed[1]


@pytest.fixture
def torn(undisturbed, tmp_path):
    """A copy of its folder, `torn`, to be damaged."""
    return shutil.copytree(undisturbed[0], tmp_path / "torn")


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


def test_agrees_with_what_trl_has_logged(whole):
    """TRL's KL is a mean per token: times the mean length it is the sum per response."""
    found, steps, _ = whole
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
        aligned(f"beta {beta}", steps=20, completions=32, save_every=20, beta=beta)[1]
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


def test_a_half_written_checkpoint_is_passed_over(aligned, whole, torn):
    latest = dict(whole_checkpoints(torn / "work" / "align"))
    (latest[6] / "whole").unlink()
    next(latest[6].glob("*.safetensors")).write_bytes(b"torn")
    (torn / "rows" / "align" / "000002.parquet").unlink()
    assert aligned("torn")[1:] == whole[1:]


def test_a_checkpoint_whose_rows_are_lost_is_passed_over(aligned, whole, torn):
    (torn / "rows" / "align" / "000001.parquet").unlink()
    assert aligned("torn")[1:] == whole[1:]


def test_without_checkpoints_it_begins_anew(aligned, whole, torn):
    shutil.rmtree(torn / "work")
    assert aligned("torn")[1:] == whole[1:]


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


def test_log_likelihoods_of_trl_are_not_computed_again(aligned, monkeypatch):
    """And they are those that we compute ourselves."""
    from vlminterp_ex2 import monitor

    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return log_likelihoods(*arguments)

    monkeypatch.setattr(monitor, "log_likelihoods", counted)
    _, overheard, _ = aligned("overheard")
    assert not calls
    monkeypatch.setattr(Overheard, "take", lambda self, lengths: (None, None))
    _, computed, _ = aligned("computed")
    assert len(calls) == 12
    for one, other in zip(overheard, computed, strict=True):
        assert one["kl"] == pytest.approx(other["kl"], abs=1e-4)
        assert one["perplexity"] == pytest.approx(other["perplexity"], rel=1e-4)


def test_grpo_computes_only_what_trl_does_not(aligned, monkeypatch):
    from vlminterp_ex2 import monitor

    calls = []
    monkeypatch.setattr(
        monitor, "log_likelihoods", lambda *a: calls.append(a) or log_likelihoods(*a)
    )
    _, steps, _ = aligned(algorithm=Algorithm.grpo, steps=2)
    assert len(calls) == 2
    assert steps[0]["kl"] == pytest.approx(0, abs=1e-4)


PAPER = {"completions": 8, "generations": 2, "epochs": 4, "mini_batches": 4, "raw": True}


def test_a_step_makes_as_many_updates_as_asked_for(aligned, scorer):
    drawn = []

    def scores(texts, own):
        drawn.append(len(texts))
        return scorer.scores(texts, own)

    found, steps, _ = aligned(scorer=Instead(scorer, scores), **PAPER, steps=4)
    state = json.loads((found.checkpoint / "trainer_state.json").read_text())
    assert state["global_step"] == 4 * 16
    assert drawn == [8] * 4  # responses are drawn once a step
    assert [row["step"] for row in steps] == [1, 2, 3, 4]
    assert found.steps == 4


def test_more_updates_of_the_same_responses_align_more(aligned):
    options = {"steps": 8, "completions": 32, "generations": 2, "save_every": 8}
    policy = {"learning_rate": 2e-3}
    one = aligned("one", **options, policy=policy)[1]
    many = aligned("many", **options, policy=policy, epochs=4, mini_batches=4)[1]
    assert many[-1]["kl"] > 2 * one[-1]["kl"]


def test_with_many_updates_it_goes_on_as_if_it_had_never_been_ended(aligned, scorer):
    options = {**PAPER, "steps": 4, "adaptive_kl": 0.5}
    whole = aligned("whole", **options)
    count = 0

    def scores(texts, own):
        nonlocal count
        count += 1
        if count == 4:
            raise KilledError
        return scorer.scores(texts, own)

    with pytest.raises(KilledError):
        aligned("killed", scorer=Instead(scorer, scores), **options)
    assert aligned("killed", scorer=Instead(scorer, scores), **options)[1:] == whole[1:]
    betas = [row["beta"] for row in whole[1]]
    for row, beta in zip(whole[1], betas[1:], strict=False):
        error = min(max(row["kl"] / 0.5 - 1, -0.2), 0.2)
        assert beta == pytest.approx(row["beta"] * (1 + error * 8 / 10_000))
    assert len(set(betas)) == 4


def test_raw_responses_are_scored_as_they_are(aligned, scorer):
    scored = []

    def scores(texts, own):
        scored.extend(texts)
        return scorer.scores(texts, own)

    _, steps, samples = aligned(scorer=Instead(scorer, scores), steps=2, raw=True)
    assert any(not text.rstrip().endswith((".", "!", "?")) for text in scored if text)
    assert all(row["cut"] == 0 for row in steps)
    assert not any(row["cut"] for row in samples)


def test_one_of_several_gpus_is_used_and_said(aligned, monkeypatch, capsys):
    """Transformers sees two where accelerate has no device of its own: TRL refuses that."""
    from vlminterp_ex2 import align as module

    made = module._arguments

    def on_gpus(context):
        return {name: value for name, value in made(context).items() if name != "use_cpu"}

    monkeypatch.setattr(module, "_arguments", on_gpus)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    found, _, _ = aligned(steps=1, save_every=1)
    assert found.steps == 1


def test_the_device_that_was_asked_for_is_the_one_that_is_used(monkeypatch, capsys):
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    arguments = SimpleNamespace(n_gpu=2, _n_gpu=2)
    on_one_device(arguments, torch.device("cuda:1"))
    assert chosen == [torch.device("cuda:1")]
    assert vars(arguments)["_setup_devices"] == torch.device("cuda:1")
    assert arguments._n_gpu == 1
    told = capsys.readouterr().err
    assert told == (
        "vlminterp: 2 GPUs are visible, training uses cuda:1; device=cuda:N chooses another\n"
    )


def files_of(folder):
    """Every file by its path, less the one that holds clocks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("timings.jsonl", ".lock", "versions.json")
    }


def test_undisturbed_and_killed_trainings_leave_the_same_bytes(aligned, scorer, tmp_path):
    aligned("first", policy={"lora": Lora(targets=["q_proj", "v_proj", "k_proj", "o_proj"])})
    count = 0

    def scores(texts, own):
        nonlocal count
        count += 1
        if count == 4:
            raise KilledError
        return scorer.scores(texts, own)

    options = {"policy": {"lora": Lora(targets=["q_proj", "v_proj", "k_proj", "o_proj"])}}
    with pytest.raises(KilledError):
        aligned("killed", scorer=Instead(scorer, scores), **options)
    aligned("killed", scorer=Instead(scorer, scores), **options)
    first, killed = (files_of(tmp_path / name) for name in ("first", "killed"))
    assert set(first) == set(killed)
    assert [name for name in first if first[name] != killed[name]] == []
    assert any(name.endswith("adapter_model.safetensors") for name in first)
    assert timings(tmp_path / "first" / "work" / "align")[-1]["step"] == 6


@pytest.mark.parametrize("damage", ["truncated", "zeroed", "gone"])
def test_damaged_weights_are_not_taken_up(aligned, whole, torn, damage):
    folder = torn / "work" / "align"
    weights = next(dict(whole_checkpoints(folder))[6].glob("*.safetensors"))
    content = weights.read_bytes()
    if damage == "gone":
        weights.unlink()
    else:
        left = content[: len(content) // 2]
        zeros = bytes(len(content) - len(left)) if damage == "zeroed" else b""
        weights.write_bytes(left + zeros)
    assert aligned("torn")[1:] == whole[1:]
    assert 6 in dict(whole_checkpoints(folder))
    assert weights.read_bytes() == content
