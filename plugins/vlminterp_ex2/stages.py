"""EX2 from end to end: align, describe, inspect; each resumes where an earlier process stopped.

One process aligns; several may describe and inspect, each in other batches.
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from vlminterp.data.concepts import Concept
from vlminterp.description.class_means import ClassMeans, Skipped, class_means
from vlminterp.description.embedding_cache import EmbeddingCache
from vlminterp.description.fit import Fit
from vlminterp.errors import ConfigError, InputError
from vlminterp.plugin import Context
from vlminterp_ex2.align import Alignment, align, alignment
from vlminterp_ex2.chat import prompt_formatter
from vlminterp_ex2.depends import stage_of
from vlminterp_ex2.describe import (
    DESCRIBE,
    POOL,
    DescriptionSampler,
    Draw,
    batches_of,
    descriptions,
    further_draws,
)
from vlminterp_ex2.inspection.families_file import families_file
from vlminterp_ex2.inspection.judges import judged
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.neighbours import learn
from vlminterp_ex2.inspection.seeds import Seeds, load_seeds
from vlminterp_ex2.inspection.sentence_encoder import MiniLM
from vlminterp_ex2.inspection.stage import INSPECT, inspect
from vlminterp_ex2.journal import ALIGN, SAMPLES, rows_of
from vlminterp_ex2.matched import missed, nearest_to
from vlminterp_ex2.policy import check_policy, load_aligned, load_tokenizer
from vlminterp_ex2.prompts import TEMPLATES, Prompt, all_prompts, load_templates
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.settings import EX2Config
from vlminterp_ex2.summary import summarise
from vlminterp_ex2.zero_shot import TABLE as ZERO_SHOT
from vlminterp_ex2.zero_shot import hits, texts_of

Batches = Mapping[str, Sequence[Sequence[Draw]]]

SKIPPED, IMAGES = "skipped", "images"
SAMPLED_AT_ONCE = 8
"""Sampling batches are so many times a training batch, since sampling keeps no activations."""


@dataclass(frozen=True)
class Material:
    """The material that all stages work with.

    Attributes:
        classes: Mean embeddings of the images that rewards are computed from.
        scorer: The scorer that gives rewards.
        prompts: Every template filled with every concept.
        concepts: The concepts themselves, in the same order.
    """

    classes: ClassMeans
    scorer: Scorer
    prompts: list[Prompt]
    concepts: list[Concept]


def run(context: Context[EX2Config]) -> None:
    """Runs the requested stages that are not done yet."""
    config = context.config
    stage = config.stage.value
    seeds = load_seeds(families_file(config.families))  # reports mistakes before training
    material, aligned = _aligned(context)
    if stage == "align":
        return
    shared = _begun_anew(context, len(material.prompts))
    with context.helpers():
        batches = _batches(shared, material.prompts)
        describe(shared, material, aligned, batches, write=stage in ("all", "describe"))
        if stage == "describe":
            return
        if _missing(shared, batches):
            raise ConfigError(
                f"plugin.stage={stage}: not all is described yet; run stage=describe first"
            )
        rows = _inspected(shared, material, seeds)
    if not context.results.ends:
        return
    _classify(context, material)
    found = judged(context, rows, seeds)
    context.results.finish(summarise(context, aligned, rows, seeds.families, found))


def _begun_anew(context: Context[EX2Config], prompts: int) -> Context[EX2Config]:
    """Clears the stages that processes share, if asked to, before others work on them."""
    if not context.stages.overwrite:
        return context
    with (
        stage_of(context, DESCRIBE, {}),
        stage_of(context, POOL, {}, pool=_pool(context.config, prompts)),
    ):
        pass
    if context.config.stage.value != "describe":
        with stage_of(context, INSPECT, {}):
            pass
    return replace(context, stages=replace(context.stages, overwrite=False))


def _aligned(context: Context[EX2Config]) -> tuple[Material, Alignment]:
    """Trains the policy, unless this run or another already has."""
    config = context.config
    # a new target needs no new training, only one that has kept its checkpoints
    kept = {"target_kl": config.target_kl is not None}
    with stage_of(context, "align", {ALIGN: ALIGN, SAMPLES: SAMPLES}, **kept) as inner:
        aligned = alignment(inner.results, config.steps, config.updates)
        if aligned is None:
            if config.stage.value not in ("all", "align"):
                raise ConfigError(
                    f"plugin.stage={config.stage.value}: this run is not aligned yet; "
                    "run stage=align first"
                )
            check_policy(config.policy, context.device)
            material = prepare(context)
            return material, align(inner, material.scorer, material.prompts)
    return prepare(context), aligned  # outside, so that others need not wait for it


def _classify(context: Context[EX2Config], material: Material) -> None:
    """Writes the table `zero-shot`, if asked for and if any pictures were held out."""
    config = context.config
    if not config.zero_shot or not any(concept.held_out for concept in material.concepts):
        return
    with stage_of(context, "zero-shot", {ZERO_SHOT: ZERO_SHOT}) as inner:
        table = inner.results.table(ZERO_SHOT)
        if 0 in table:
            return
        with context.progress.track("classifying", None):
            said = rows_of(context.results.table(DESCRIBE))
            classes = material.classes
            texts = texts_of(said, classes.names, classes.ids, context.seed)
            cache = EmbeddingCache(context.stages.shared(IMAGES), context.encoder.name)
            table.write(0, hits(context.encoder, material.concepts, texts, cache), {})


def _inspected(
    context: Context[EX2Config], material: Material, seeds: Seeds
) -> list[dict[str, Any]]:
    with stage_of(context, "inspect", {INSPECT: INSPECT}, join=True) as inner:
        # the stage's folder holds the rows that it reads as well as those that it writes
        inner.results.table(DESCRIBE).adopt(context.results.table(DESCRIBE))
        return inspect(inner, material.classes, _lexicon(inner, seeds))


def _lexicon(context: Context[EX2Config], seeds: Seeds) -> Lexicon:
    """Returns the lexicon: the seeds and, if asked for, this run's words that are near to them."""
    config = context.config
    if not config.neighbours:
        return Lexicon(seeds)
    said = rows_of(context.results.table(DESCRIBE))
    return learn(MiniLM(), seeds, [(row["text"], row["name"]) for row in said])


def prepare(context: Context[EX2Config]) -> Material:
    """Embeds the concepts' images and fills the templates.

    Raises:
        InputError: Too few concepts have an image that can be read.
    """
    config = context.config
    concepts = [_limited(concept, config.images) for concept in context.source.concepts()]
    contrastive = config.reward is Fit.contrastive
    if len(concepts) < 2 and contrastive:
        raise InputError("plugin.reward=contrastive needs two concepts or more; choose reward=own")
    total = sum(len(concept.images) + len(concept.held_out) for concept in concepts)
    cache = EmbeddingCache(context.stages.shared(IMAGES), context.encoder.name)
    with context.progress.track("embedding images", total, 0, "images") as stage:
        embedded = partial(class_means, context.encoder, cache=cache, on_advance=stage.advance)
        classes = embedded(concepts, fewest=2 if contrastive else 1)
        kept = [concept for concept in concepts if concept.id in classes.ids]
        # Held-out images only check the rewards: a concept without any is simply not checked.
        held_out = embedded(kept, held_out=True, fewest=0)
    scorer = Scorer(context.encoder, classes, held_out, config.reward, config.scale)
    templates = load_templates(
        TEMPLATES if config.templates is None else Path(config.templates).expanduser()
    )
    _note_skipped(context, [*classes.skipped, *held_out.skipped])
    return Material(classes, scorer, all_prompts(classes.names, templates), kept)


def _note_skipped(context: Context[EX2Config], skipped: Sequence[Skipped]) -> None:
    """Writes the table of what could not be read, which the page and the console show."""
    table = context.results.table(SKIPPED)
    if skipped and 0 not in table:
        table.write(0, [{"id": one.concept, "skipped": one.reason} for one in skipped], {})


def describe(
    context: Context[EX2Config],
    material: Material,
    aligned: Alignment,
    batches: Batches,
    *,
    write: bool,
) -> None:
    """Brings the tables `describe` and `pool` into the run's folder.

    Args:
        context: The run's context.
        material: The material that all stages work with.
        aligned: The finished training.
        batches: All batches of draws, by table.
        write: Whether to draw what no run has drawn yet.
    """
    config = context.config
    drawn = {POOL: {"pool": _pool(config, len(material.prompts))}}
    with ExitStack() as stack:
        inner = {
            name: stack.enter_context(
                stage_of(context, name, {name: name}, join=True, **drawn.get(name, {}))
            )
            for name in batches
        }
        missing = sum(_missing(inner[name], {name: some}) for name, some in batches.items())
        if not missing or not write:
            return
        total = sum(len(batch) for some in batches.values() for batch in some)
        with context.progress.track("describing", total, total - missing, "responses") as stage:
            steps = rows_of(context.results.table(ALIGN))
            matched = nearest_to(steps, aligned, config)
            if why := missed(steps, aligned, config):
                sys.stderr.write(f"vlminterp: plugin.target_kl={config.target_kl:g}: {why}\n")
            pair = load_aligned(config.policy, context.device, matched.checkpoint)
            asking = prompt_formatter(config.policy, load_tokenizer(config.policy))
            describer = DescriptionSampler(context, material.scorer, asking, pair)
            for name, some in batches.items():
                for written in describer.write(inner[name].results, name, some):
                    stage.advance(written)


def _batches(context: Context[EX2Config], prompts: Sequence[Prompt]) -> Batches:
    """Returns all batches of draws, by table."""
    config = context.config
    planned = {
        DESCRIBE: descriptions(prompts, config.samples),
        POOL: further_draws(prompts, config.samples, _pool(config, len(prompts))),
    }
    size = SAMPLED_AT_ONCE * config.policy.micro_batch
    return {name: batches_of(draws, size) for name, draws in planned.items()}


def _missing(context: Context[EX2Config], batches: Batches) -> int:
    """Returns how many responses no process has written yet."""
    return sum(
        len(batch)
        for name, some in batches.items()
        for number, batch in enumerate(some)
        if number not in context.results.table(name)
    )


def _pool(config: EX2Config, prompts: int) -> int:
    """Returns how many of the base model's responses to each prompt there are to choose from.

    By default, that is as many as training and describing draw, with at least one for training.
    """
    drawn = max(1, round(config.steps * config.completions / prompts))
    return config.pool or config.samples + drawn


def _limited(concept: Concept, images: int) -> Concept:
    return Concept(concept.id, concept.name, concept.images[:images], concept.held_out[:images])
