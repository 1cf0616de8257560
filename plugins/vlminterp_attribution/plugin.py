"""The plugin attribution, run by `+plugin=attribution`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from vlminterp.attribution.options import ExplainingConfig
from vlminterp.attribution.sides import Sides
from vlminterp.errors import ConfigError
from vlminterp.plugin import Context, Plugin
from vlminterp_attribution.options import MEMBERS

if TYPE_CHECKING:
    from vlminterp.adapters.dual_encoder import DualEncoder
    from vlminterp.attribution.targets import Target
    from vlminterp.report.content import Content
    from vlminterp.results.run_folder import RunFolder
    from vlminterp_attribution.method import Method


# `class` is a keyword of Python's, so members are named by strings.
Asked = Enum("Asked", ["similarity", "contrast", "class", "image"])
"""Questions about a pair; see `vlminterp.attribution.targets`."""


@dataclass
class AttributionConfig(ExplainingConfig):
    """Options of attribution methods.

    Attributes:
        method: The method; `python -m vlminterp_attribution` lists them.
        methods: Several methods to run side by side, in place of `method`.
        sides: The inputs that are explained.
        target: The question: `similarity`, `contrast`, `class` or `image`.
        against: Captions to compare with, names of classes, or the path of one picture.
        templates: Captions of a class, with `{}` where its name goes.
        options: Options that differ from a method's defaults, as `METHOD.OPTION=VALUE`.
    """

    method: str = "gae"
    methods: list[str] = field(default_factory=list)
    sides: Sides = Sides.both
    target: Asked = Asked.similarity
    against: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=lambda: ["{}"])
    options: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Checks what can be checked without a model.

        Raises:
            ConfigError: A value is out of range, or has no effect.
        """
        super().__post_init__()
        if len(set(self.methods)) < len(self.methods):
            raise ConfigError(f"methods={self.methods} names one twice")
        if self.target is Asked.similarity and self.against:
            raise ConfigError("against=… says nothing with target=similarity; use target=contrast")
        if self.target is Asked.image and len(self.against) != 1:
            raise ConfigError("target=image needs one picture; set against=['path/to/picture.jpg']")
        if self.target is Asked.image and self.sides is Sides.text:
            raise ConfigError("target=image compares pictures; it has no text side")
        options = self.options_by_method
        members = options.get("consensus", {}).get("members", MEMBERS)
        run = {*self.chosen, *(members if "consensus" in self.chosen else ())}
        for name in options:
            if name not in run:
                raise ConfigError(f"options={self.options}: method {name} is not run")

    @property
    def chosen(self) -> list[str]:
        """The methods that are run."""
        return self.methods or [self.method]

    @property
    def options_by_method(self) -> dict[str, dict[str, Any]]:
        """Options read from `options`, by method and name.

        Raises:
            ConfigError: An option is not written as `METHOD.OPTION=VALUE`.
        """
        for option in self.options:
            if not re.fullmatch(r"[\w-]+\.\w+=.+", option):
                raise ConfigError(f"options: '{option}' is not written as METHOD.OPTION=VALUE")
        read: Any = OmegaConf.to_container(OmegaConf.from_dotlist(self.options))
        options: dict[str, dict[str, Any]] = read
        return options


class AttributionPlugin(Plugin):
    """The methods that M2IB is compared with, side by side on the same pairs."""

    Config = AttributionConfig
    shares = True
    sharded = True

    def files(self, config: Any) -> Iterable[Path]:
        """Returns the picture that `target=image` compares with; nothing for other targets."""
        return [Path(config.against[0])] if config.target is Asked.image else []

    def run(self, context: Context[AttributionConfig]) -> None:
        """Explains every pair by every method."""
        from vlminterp.attribution.runner import explain_pairs
        from vlminterp.drawing.figure import figure
        from vlminterp_attribution.support import require_able

        config = context.config
        passport = config.passport and config.target is Asked.similarity
        with context.helpers():
            methods = make_methods(context.encoder, config, context.seed)
            require_able(context.encoder, methods)
            explain_pairs(context, methods, replace(config, passport=passport), figure)

    def report(self, folder: "RunFolder") -> "Content":
        """Returns the page of a run, with a column for each method."""
        from vlminterp_attribution.page import content

        return content(folder)


def make_methods(encoder: "DualEncoder", config: AttributionConfig, seed: int) -> "list[Method]":
    """Makes the methods of a run, each once for every side that it explains.

    Raises:
        ConfigError: There is no such method or option, or a method does not explain the side.
        InputError: The picture of `target=image` can't be read.
    """
    from vlminterp.attribution.explanation import Side
    from vlminterp_attribution.batch import Batches
    from vlminterp_attribution.registry import load_method, make_method

    target = make_target(encoder, config)
    options = config.options_by_method
    batches = Batches(encoder, target, seed, options)
    text = config.target is not Asked.image
    wanted = [Side.image, *([Side.text] if text else [])]
    if config.sides is not Sides.both:
        wanted = [Side(config.sides.value)]
    return [
        make_method(name, side, batches)
        for side in wanted
        for name in config.chosen
        if config.sides is not Sides.both
        or side in load_method(name).sides_with(options.get(name, {}))
    ]


def make_target(encoder: "DualEncoder", config: AttributionConfig) -> "Target":
    """Makes the question of a run.

    Raises:
        ConfigError: The captions or classes to compare with are missing.
        InputError: The picture can't be read.
    """
    from vlminterp.attribution.targets import (
        ClassProbability,
        Contrast,
        ImageSimilarity,
        Similarity,
    )

    if config.target is Asked.contrast:
        return Contrast(config.against)
    if config.target is Asked["class"]:
        return ClassProbability(config.against, config.templates)
    if config.target is Asked.image:
        return ImageSimilarity(encoder.preprocess([Path(config.against[0])]))
    return Similarity()
