"""The page of an attribution run: which parts of each picture and caption matter."""

from itertools import islice

from markupsafe import Markup

from vlminterp.attribution.passport.split import splits_of
from vlminterp.attribution.rows import explained_pairs
from vlminterp.drawing.overlay import MOST_OPAQUE, RISE, STOPS, ticks
from vlminterp.report.cards import common_scale, make_card
from vlminterp.report.content import Content, Section, scores_section
from vlminterp.report.finder import finder
from vlminterp.report.passport import grouped, split_counts
from vlminterp.report.templating import environment
from vlminterp.results.headline import pairs_with_truth
from vlminterp.results.run_folder import RunFolder

PAIRS_ON_PAGE = 100
NOTE = "Mean over pairs and its 95 % interval; baselines are maps that know nothing of the model."


LEAD = (
    "For each picture and caption, this page shows which parts of the picture and which words {} "
    "uses to match the two, as {} measures it."
)


def attribution_content(folder: RunFolder, scores: str = "") -> Content:
    """Returns the scores beside their baselines, then a card for each of the first pairs.

    Args:
        folder: A run whose rows the attribution runner wrote.
        scores: A sentence on what the method's scores mean, in plain text.
    """
    summary, names = folder.summary or {}, folder.names
    pairs = list(islice(explained_pairs(folder), PAIRS_ON_PAGE))
    skipped = len(folder.skips())
    explained = summary.get("pairs", len(pairs) + skipped) - skipped
    truth = pairs_with_truth(summary)
    sections = []
    if pairs:
        scale = common_scale(pairs)
        cards = [make_card(folder.path, pair, scale) for pair in pairs]
        body = (
            environment()
            .get_template("pairs.html.j2")
            .render(
                groups=grouped(cards, lambda card: [card.passport] if card.passport else []),
                finder=finder([card.findable for card in cards]),
                shown=len(pairs),
                explained=explained,
                scale=scale,
                patch_ticks=ticks(scale.patch),
                word_ticks=ticks(scale.word),
            )
        )
        sections.append(Section("Pairs", Markup(body)))
    sections += scores_section({**summary, "plugin": names["plugin"]}, NOTE)
    return Content(
        heading=Markup("What <em>{}</em> looks at").format(names["model"]),
        lead=Markup(f"{LEAD} {{}}").format(names["model"], names["plugin"], scores),
        sections=sections,
        counts={
            "pairs": explained,
            **({"pairs with truth": truth} if truth else {}),
            **split_counts(splits_of(folder)),
        },
        style=scale_style(),
        finds=bool(pairs),
    )


def scale_style() -> str:
    """Returns the CSS of the colour scale, with the opacity it has over pictures."""
    last = len(STOPS) - 1
    steps = [
        f"#{stop}{round(255 * MOST_OPAQUE * (place / last) ** RISE):02x} {100 * place / last:.1f}%"
        for place, stop in enumerate(STOPS)
    ]
    return f":root {{ --gradient: linear-gradient(90deg, {', '.join(steps)}); }}"
