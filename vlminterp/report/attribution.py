"""The page of an attribution run: which parts of each picture and caption matter."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from vlminterp.attribution.passport.split import splits_of
from vlminterp.attribution.rows import PairResult, explained_pairs
from vlminterp.attribution.shown import shown_places
from vlminterp.drawing.overlay import MOST_OPAQUE, RISE, STOPS, ticks
from vlminterp.report.cards import common_scale, make_card
from vlminterp.report.content import Content, Section, scores_section
from vlminterp.report.finder import finder
from vlminterp.report.passport import OneWord, grouped, split_counts
from vlminterp.report.search import search_files, search_form
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
    """Returns the scores beside their baselines, then a card for each pair that it has room for.

    Args:
        folder: A run whose rows the attribution runner wrote.
        scores: A sentence on what the method's scores mean, in plain text.
    """
    summary, names = folder.summary or {}, folder.names
    places, told = shown_places(folder, PAIRS_ON_PAGE)
    pairs = list(explained_pairs(folder, places=places))
    skipped = len(folder.skips())
    explained = summary.get("pairs", len(pairs) + skipped) - skipped
    truth = pairs_with_truth(summary)
    sections = []
    beyond = explained > len(pairs) > 0
    if pairs:
        sections.append(
            Section(
                "Pairs",
                pair_cards(
                    folder.path,
                    pairs,
                    explained,
                    told,
                    search_form(folder, explained) if beyond else "",
                ),
            )
        )
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
        beside=search_files(folder) if beyond else (),
    )


def pair_cards(
    folder: Path,
    pairs: Sequence[PairResult],
    explained: int,
    told: str = "",
    search: Markup | str = "",
) -> Markup:
    """Writes a card for each pair, below the scale of colours that they share.

    Pairs are sorted by their passports; one alone has no heading.

    Args:
        folder: The run folder, which pictures' paths are relative to.
        pairs: The pairs, one or more.
        explained: The number of all pairs of the run.
        told: The pairs in words, where they are not all: "the first 60" of them, for example.
        search: The form that searches all, if there is one.
    """
    scale = common_scale(pairs)
    cards = [make_card(folder, pair, scale) for pair in pairs]
    by_passport = grouped(cards, lambda card: [card.passport] if card.passport else [])
    body = (
        environment()
        .get_template("pairs.html.j2")
        .render(
            groups=by_passport if len(cards) > 1 else [OneWord("", cards)],
            finder=finder([card.findable for card in cards]),
            shown=len(pairs),
            told=told,
            search=search,
            explained=explained,
            scale=scale,
            patch_ticks=ticks(scale.patch),
            word_ticks=ticks(scale.word),
        )
    )
    return Markup(body)


def scale_style() -> str:
    """Returns the CSS of the colour scale, with the opacity it has over pictures."""
    last = len(STOPS) - 1
    steps = [
        f"#{stop}{round(255 * MOST_OPAQUE * (place / last) ** RISE):02x} {100 * place / last:.1f}%"
        for place, stop in enumerate(STOPS)
    ]
    return f":root {{ --gradient: linear-gradient(90deg, {', '.join(steps)}); }}"
