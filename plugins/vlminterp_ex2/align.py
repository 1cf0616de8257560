"""Aligns a language model with a VLM: reinforcement learning by TRL, without subclassing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PrinterCallback
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from vlminterp.adapters.settings import Precision
from vlminterp.plugin import Context
from vlminterp.results.run_folder import RunFolder
from vlminterp_ex2.chat import PromptFormatter, prompt_formatter
from vlminterp_ex2.checkpoints import discard_after, whole_checkpoints
from vlminterp_ex2.devices import on_one_device
from vlminterp_ex2.journal import ALIGN, Journal, rows_of
from vlminterp_ex2.likelihood import Overheard
from vlminterp_ex2.monitor import Monitor, Watch
from vlminterp_ex2.policy import PolicyAndReference, load_model, load_tokenizer, lora_config
from vlminterp_ex2.prompts import Prompt, schedule
from vlminterp_ex2.quiet import quietly
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.sampling import end_tokens
from vlminterp_ex2.settings import Algorithm, EX2Config
from vlminterp_ex2.stopping import Rules

TRAINERS = {Algorithm.rloo: (RLOOTrainer, RLOOConfig), Algorithm.grpo: (GRPOTrainer, GRPOConfig)}


@dataclass(frozen=True)
class Alignment:
    """A training that has ended.

    Attributes:
        checkpoint: Folder of the trained policy.
        steps: Number of steps made.
        stopped: Reason why it ended early; None if it did not.
    """

    checkpoint: Path
    steps: int
    stopped: str | None


def alignment(results: RunFolder, steps: int, updates: int = 1) -> Alignment | None:
    """Returns the training of a run; None if it has not ended or its last checkpoint is not whole.

    Args:
        results: The run folder.
        steps: Number of steps asked for.
        updates: Optimiser steps in each step.
    """
    rows = rows_of(results.table(ALIGN))
    if not rows or not (rows[-1]["step"] == steps or rows[-1]["stopped"]):
        return None
    last = int(rows[-1]["step"])
    checkpoint = dict(whole_checkpoints(_folder(results))).get(last * updates)
    return Alignment(checkpoint, last, rows[-1]["stopped"]) if checkpoint else None


def align(context: Context[EX2Config], scorer: Scorer, prompts: Sequence[Prompt]) -> Alignment:
    """Trains the policy, or resumes where an earlier process stopped.

    Args:
        context: The run's context, with the plugin's `EX2Config`.
        scorer: The scorer that gives rewards.
        prompts: All prompts there are.

    Raises:
        UserError: The policy can't be loaded, or can't run on this device.
    """
    config = context.config
    journal = Journal(context.results, config.save_every)
    checkpoint = _taken_up(journal, _folder(context.results), config.updates)
    done = len(journal.steps)
    with context.progress.track("aligning", config.steps, done, "steps") as stage, quietly():
        asking = prompt_formatter(config.policy, load_tokenizer(config.policy))
        monitor = Monitor(_watch(context), scorer, asking, journal, stage)
        trainer = _trainer(context, asking, monitor, prompts)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    found = alignment(context.results, config.steps, config.updates)
    assert found is not None, "training ended without its last checkpoint"
    return found


def _trainer(
    context: Context[EX2Config],
    asking: PromptFormatter,
    monitor: Monitor,
    prompts: Sequence[Prompt],
) -> Any:
    config = context.config
    trainer_class, config_class = TRAINERS[config.algorithm]
    policy = config.policy
    arguments = config_class(**_arguments(context))
    on_one_device(arguments, context.device)
    trainer: Any = trainer_class(
        model=load_model(policy, context.device),
        reward_funcs=monitor.reward,
        args=arguments,
        train_dataset=_dataset(context, asking, prompts),
        processing_class=asking.tokenizer,
        callbacks=[monitor],
        peft_config=None if policy.lora is None else lora_config(policy.lora),
    )
    trainer.remove_callback(PrinterCallback)
    monitor.trainer, monitor.overheard = trainer, Overheard(trainer)
    monitor.pair = PolicyAndReference(trainer.model, trainer.ref_model)
    monitor.ends = end_tokens(trainer.model, asking.tokenizer)
    return trainer


def _arguments(context: Context[EX2Config]) -> dict[str, Any]:
    """Returns TRL's settings, most of whose own defaults are for another objective."""
    config = context.config
    policy, on_cpu = config.policy, context.device.type == "cpu"
    return {
        # the objective: reward − β·log(π/π_ref) of the whole response, sampled as the model is
        "beta": config.beta,
        "num_generations": config.generations,
        "max_completion_length": policy.max_tokens,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "chat_template_kwargs": dict(policy.chat_template_kwargs),
        # the optimiser
        "learning_rate": policy.learning_rate,
        "lr_scheduler_type": policy.schedule.value,
        "max_steps": config.steps * config.updates,
        "per_device_train_batch_size": config.micro_batch,
        "gradient_accumulation_steps": config.completions
        // (config.mini_batches * config.micro_batch),
        "generation_batch_size": config.completions,
        "num_iterations": config.epochs,
        "activation_checkpointing": policy.activation_checkpointing,
        "bf16": policy.dtype is Precision.bfloat16 and not on_cpu,
        "fp16": policy.dtype is Precision.float16 and not on_cpu,
        # one pass over a list of prompts made beforehand, so that resuming shuffles nothing
        "shuffle_dataset": False,
        "seed": context.seed,
        "use_cpu": on_cpu,
        "dataloader_pin_memory": not on_cpu,
        # what is kept
        "output_dir": str(_folder(context.results)),
        "logging_steps": 1,
        "save_steps": config.save_every * config.updates,
        "save_total_limit": 2 if config.target_kl is None else None,
        "trust_remote_code": policy.trust_remote_code,
        "report_to": "none",
        "disable_tqdm": True,
    }


def _dataset(
    context: Context[EX2Config], asking: PromptFormatter, prompts: Sequence[Prompt]
) -> Dataset:
    config = context.config
    count = config.steps * config.completions // config.generations
    asked = schedule(prompts, count, context.seed)
    return Dataset.from_list(
        [
            {
                "prompt": asking.ask(prompt.text),
                "question": prompt.text,
                "concept": prompt.concept,
                "template": prompt.template,
            }
            for prompt in asked
        ]
    )


def _watch(context: Context[EX2Config]) -> Watch:
    config = context.config
    return Watch(
        group=config.generations,
        batch_size=config.micro_batch,
        shown=config.shown,
        rules=Rules(config.max_kl, config.patience),
        seed=context.seed,
        updates=config.updates,
        raw=config.raw,
        adaptive_kl=config.adaptive_kl,
    )


def _taken_up(journal: Journal, folder: Path, updates: int) -> Path | None:
    """Returns the latest whole checkpoint whose rows are all there, and deletes later ones."""
    whole = whole_checkpoints(folder)
    step, checkpoint = next(
        ((s, path) for s, path in whole if journal.take_up(s // updates)), (0, None)
    )
    discard_after(folder, step)
    return checkpoint


def _folder(results: RunFolder) -> Path:
    return results.work(ALIGN)
