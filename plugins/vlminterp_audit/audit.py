"""Audits a VLM concept by concept: hear, look, test, say."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.concepts import Concept
from vlminterp.description.bank import fill
from vlminterp.plugin import Context
from vlminterp_audit.concept import Auditor
from vlminterp_audit.hear import Listener
from vlminterp_audit.look import Onlooker
from vlminterp_audit.names import Names, named
from vlminterp_audit.outcome import summarise
from vlminterp_audit.phrases import find_phrases
from vlminterp_audit.pool import Pool, pooled
from vlminterp_audit.regions import Regions
from vlminterp_audit.settings import BY_MAP, AuditConfig
from vlminterp_audit.tables import BESIDE
from vlminterp_audit.things import Things
from vlminterp_audit.trials import Exchange


def audit(context: Context[AuditConfig]) -> None:
    """Audits every concept that is not audited yet, and finishes the run.

    Args:
        context: The run's context, with the audit's config.

    Raises:
        ConfigError: There are no phrases for this data, or no such method.
        InputError: Phrases, masks and data don't fit together.
        ModelError: The method can't explain this model.
    """
    config = context.config
    onlooker = Onlooker(context.encoder, config.method, context.seed)
    pool = pooled(context)
    phrases = find_phrases(context, pool.concepts)
    names = named(
        context.encoder, [c.name for c in pool.concepts], config.templates, config.batch_size
    )
    listener = Listener(context.encoder, pool, names, phrases.clauses, config.batch_size)
    auditor = _auditor(context, pool, names, listener, onlooker)
    done = len(context.results.parts.numbers())
    with context.progress.track("auditing", len(pool.concepts), done, "concepts") as stage:
        for about in context.results.unmade(range(len(pool.concepts)), beside=BESIDE):
            auditor.audit(about)
            stage.reach(about + 1)
    if not context.results.ends:
        return
    found = summarise(context.results, config)
    context.results.finish({**found, "notes": [*context.source.notes(), *phrases.notes]})


def _auditor(
    context: Context[AuditConfig],
    pool: Pool,
    names: Names,
    listener: Listener,
    onlooker: Onlooker,
) -> Auditor:
    config = context.config
    caption = config.templates[0]

    def heat(image: Image.Image, concept: Concept) -> NDArray[np.float32]:
        return onlooker.heat(image, fill(caption, concept.name))

    facts = [pool.owner(place).facts(load) for place, load in enumerate(pool.loads)]
    regions = Regions(heat, config.folder, masks=config.regions != BY_MAP, pictures=facts)
    things = Things(pool, regions)
    return Auditor(
        context,
        pool,
        names,
        listener,
        Exchange(context.encoder, pool, things, names, config.draws, config.batch_size),
        things,
        onlooker,
    )
