"""EX2 from end to end: align, describe, inspect; each goes on where an earlier process ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vlminterp.data.concepts import Concept
from vlminterp.description.class_means import ClassMeans, Skipped, class_means
from vlminterp.description.embedding_cache import EmbeddingCache
from vlminterp.errors import ConfigError, InputError
from vlminterp.plugin import Context
from vlminterp_ex2.align import Alignment, align, alignment
from vlminterp_ex2.describe import (
    DESCRIBE,
    POOL,
    Describer,
    Draw,
    batches_of,
    descriptions,
    further_draws,
)
from vlminterp_ex2.inspection.judge_stage import judge
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.neighbours import learn
from vlminterp_ex2.inspection.seeds import load_seeds
from vlminterp_ex2.inspection.sentence_encoder import MiniLM
from vlminterp_ex2.inspection.stage import inspect
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.matched import nearest_to
from vlminterp_ex2.policy import Questioner, check_policy, load_aligned, load_tokenizer
from vlminterp_ex2.prompts import TEMPLATES, Prompt, all_prompts, load_templates
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.settings import Reward
from vlminterp_ex2.summary import summarise

if TYPE_CHECKING:
    from vlminterp_ex2.plugin import Config


Batches = Mapping[str, Sequence[Sequence[Draw]]]

SKIPPED = "skipped"
SAMPLED_AT_ONCE = 8
"""Times the sequences that are trained at once: sampling keeps no activations."""


@dataclass(frozen=True)
class Material:
    """What all stages work with.

    Attributes:
        classes: Mean embeddings of the images that rewards are made of.
        scorer: What rewards.
        prompts: Every template about every concept.
    """

    classes: ClassMeans
    scorer: Scorer
    prompts: list[Prompt]


def run(context: Context) -> None:
    """Runs the stages that are asked for and not yet done."""
    config: Config = context.config
    stage = config.stage.value
    aligned = alignment(context.results, config.steps)
    if aligned is None:
        if stage not in ("all", "align"):
            raise ConfigError(
                f"plugin.stage={stage}: this run is not aligned yet; run stage=align first"
            )
        check_policy(config.policy, context.device)
    material = prepare(context)
    aligned = aligned or align(context, material.scorer, material.prompts)
    if stage == "align":
        return
    if stage in ("all", "describe"):
        describe(context, material, aligned)
    if stage == "describe":
        return
    if _missing(context, _batches(context, material.prompts)):
        raise ConfigError(
            f"plugin.stage={stage}: not all is described yet; run stage=describe first"
        )
    rows = inspect(context, material.classes, _lexicon(context))
    judged = judge(context, rows)
    context.results.finish(summarise(context, aligned, rows, judged))


def _lexicon(context: Context) -> Lexicon:
    """What tells families apart: seeds, and what this run's words are near to, if that is asked."""
    config: Config = context.config
    if not config.neighbours:
        return Lexicon()
    said = rows_of(context.results.table(DESCRIBE))
    return learn(MiniLM(), load_seeds(), [(row["text"], row["name"]) for row in said])


def prepare(context: Context) -> Material:
    """Embeds the concepts' images and fills the templates.

    Raises:
        InputError: Too few concepts have an image that can be read.
    """
    config: Config = context.config
    concepts = [_limited(concept, config.images) for concept in context.source.concepts()]
    contrastive = config.reward is Reward.contrastive
    if len(concepts) < 2 and contrastive:
        raise InputError("plugin.reward=contrastive needs two concepts or more; choose reward=own")
    total = sum(len(concept.images) + len(concept.held_out) for concept in concepts)
    cache = EmbeddingCache(context.results.work("images"), context.encoder.name)
    with context.progress.track("embedding images", total, 0, "images") as stage:
        embedded = partial(class_means, context.encoder, cache=cache, on_advance=stage.advance)
        classes = embedded(concepts, fewest=2 if contrastive else 1)
        kept = [concept for concept in concepts if concept.id in classes.ids]
        # These only check: a concept without any is not checked, and that is all.
        held_out = embedded(kept, held_out=True, fewest=0)
    scorer = Scorer(context.encoder, classes, held_out, config.reward, config.scale)
    templates = load_templates(
        TEMPLATES if config.templates is None else Path(config.templates).expanduser()
    )
    _note_skipped(context, [*classes.skipped, *held_out.skipped])
    return Material(classes, scorer, all_prompts(classes.names, templates))


def _note_skipped(context: Context, skipped: Sequence[Skipped]) -> None:
    """Writes what could not be read as a table, where page and console look for it."""
    table = context.results.table(SKIPPED)
    if skipped and 0 not in table:
        table.write(0, [{"id": one.concept, "skipped": one.reason} for one in skipped], {})


def describe(context: Context, material: Material, aligned: Alignment) -> None:
    """Writes the tables `describe` and `pool`, or what is missing of them."""
    config: Config = context.config
    batches = _batches(context, material.prompts)
    missing = _missing(context, batches)
    if not missing:
        return
    total = sum(len(batch) for some in batches.values() for batch in some)
    with context.progress.track("describing", total, total - missing, "responses") as stage:
        matched = nearest_to(context.results, aligned, config.target_kl, config.save_every)
        pair = load_aligned(config.policy, context.device, matched.checkpoint)
        questioner = Questioner(load_tokenizer(config.policy), config.policy.chat)
        describer = Describer(context, material.scorer, questioner, pair)
        for name, some in batches.items():
            for written in describer.write(context.results.table(name), some):
                stage.advance(written)


def _batches(context: Context, prompts: Sequence[Prompt]) -> Batches:
    """All that is to be described, by table."""
    config: Config = context.config
    pool = config.pool or config.samples + _share(config, len(prompts))
    planned = {
        DESCRIBE: descriptions(prompts, config.samples),
        POOL: further_draws(prompts, config.samples, pool),
    }
    size = SAMPLED_AT_ONCE * config.policy.micro_batch
    return {name: batches_of(draws, size) for name, draws in planned.items()}


def _missing(context: Context, batches: Batches) -> int:
    """How many responses no process has written yet."""
    return sum(
        len(batch)
        for name, some in batches.items()
        for number, batch in enumerate(some)
        if number not in context.results.table(name)
    )


def _share(config: "Config", prompts: int) -> int:
    """Responses to each prompt that training has drawn, at least one: the same budget."""
    return max(1, round(config.steps * config.completions / prompts))


def _limited(concept: Concept, images: int) -> Concept:
    return Concept(concept.id, concept.name, concept.images[:images], concept.held_out[:images])
