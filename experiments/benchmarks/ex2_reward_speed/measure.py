"""Times EX2's reward: the product's way beside per-response ways, in one run.

python -m experiments.benchmarks.ex2_reward_speed.measure
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from vlminterp_ex2.chat import PromptFormatter
from vlminterp_ex2.policy import load_model, load_tokenizer
from vlminterp_ex2.prompts import all_prompts, load_templates, schedule
from vlminterp_ex2.reward import Scorer, reward
from vlminterp_ex2.sampling import sample
from vlminterp_ex2.settings import PolicyConfig
from vlminterp_ex2.texts import complete

import vlminterp
from experiments.benchmarks.results import write_between
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.class_means import ClassMeans
from vlminterp.description.embed import encode_images, encode_texts
from vlminterp.description.fit import Fit
from vlminterp.planted.source import PlantedConfig, PlantedSource

MODEL, IMAGES, SCALE = "planted-habitat", 256, 100.0
CONCEPTS = 8
PROMPTS, GENERATIONS = 8, 8  # a step of EX2 as it comes: 64 responses
HERE = Path(__file__).parent
Ways = dict[str, Callable[[], Tensor]]


@dataclass(frozen=True)
class Step:
    """The responses that one step of training has to reward.

    Attributes:
        texts: Texts of the responses, none empty.
        own: Number of each response's concept.
        images: Unit image embeddings of each concept, `[K, N, D]`.
        classes: Class means of these images.
    """

    texts: list[str]
    own: list[int]
    images: Tensor
    classes: ClassMeans


def main() -> None:
    """Times everything in turn and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=21)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)  # processor time is then the time that an idle machine would take
    encoder = vlminterp.load(MODEL, device="cpu")
    step = one_step(encoder)
    found = {
        "with text encoding": times(with_encoding(encoder, step), repeats),
        "without": times(without_encoding(encoder, step), repeats),
    }
    report(found, step)


def one_step(encoder: DualEncoder) -> Step:
    """Returns responses of the unaligned describer, and the images of the concepts in question."""
    concepts = list(PlantedSource(PlantedConfig(images=IMAGES)).concepts())[:CONCEPTS]
    images = torch.stack(
        [encode_images(encoder, [load() for load in concept.images]) for concept in concepts]
    )
    ids, names = (tuple(getattr(c, part) for c in concepts) for part in ("id", "name"))
    classes = ClassMeans(ids, names, images.mean(1), (IMAGES,) * len(ids))
    policy = PolicyConfig()
    questioner = PromptFormatter(load_tokenizer(policy), policy.chat)
    asked = schedule(all_prompts(names, load_templates()), PROMPTS, seed=0)
    prompts = [prompt for prompt in asked for _ in range(GENERATIONS)]
    said = sample(
        load_model(policy, torch.device("cpu")),
        questioner.tokenizer,
        questioner.tokens([prompt.text for prompt in prompts]),
        policy.max_tokens,
        seed=0,
    )
    texts = [complete(one.text, finished=one.finished) for one in said]
    kept = [(text, prompt.concept) for text, prompt in zip(texts, prompts, strict=True) if text]
    return Step([text for text, _ in kept], [concept for _, concept in kept], images, classes)


def with_encoding(encoder: DualEncoder, step: Step) -> Ways:
    """Returns ways from texts to rewards; the per-response ways encode texts one by one."""
    scorer = Scorer(encoder, step.classes, scale=SCALE)

    def one_by_one() -> Iterable[Tensor]:
        return (encode_texts(encoder, [text])[0] for text in step.texts)

    return {
        "ours": lambda: scorer.rewards(step.texts, step.own),
        "per response, its images as one matrix": lambda: by_matrix(one_by_one(), step),
        "per response, image by image": lambda: by_loop(one_by_one(), step),
    }


def without_encoding(encoder: DualEncoder, step: Step) -> Ways:
    """Returns ways from text embeddings to rewards."""
    embedded, own = encode_texts(encoder, step.texts), torch.tensor(step.own)
    means = step.classes.means
    return {
        "ours": lambda: reward(embedded, own, means, Fit.own, SCALE),
        "per response, its images as one matrix": lambda: by_matrix(embedded, step),
        "per response, image by image": lambda: by_loop(embedded, step),
    }


def by_loop(embedded: Iterable[Tensor], step: Step) -> Tensor:
    """Compares each response with each image of its class in turn, `[T]`."""
    rewards = []
    for text, concept in zip(embedded, step.own, strict=True):
        fits = [SCALE * (image @ text) for image in step.images[concept]]
        rewards.append(torch.stack(fits).mean())
    return torch.stack(rewards)


def by_matrix(embedded: Iterable[Tensor], step: Step) -> Tensor:
    """Compares each response with all images of its class at once, `[T]`."""
    return torch.stack(
        [
            (SCALE * (step.images[concept] @ text)).mean()
            for text, concept in zip(embedded, step.own, strict=True)
        ]
    )


@torch.no_grad()
def times(ways: Ways, repeats: int) -> dict[str, float]:
    """Returns median milliseconds of CPU time; ways take turns, so that load affects all alike.

    Raises:
        ValueError: The rewards of two ways differ.
    """
    expected = next(iter(ways.values()))()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            begun = time.process_time()
            rewards = way()
            taken[name].append(1e3 * (time.process_time() - begun))
            if not torch.allclose(rewards, expected, atol=1e-3):
                raise ValueError(f"{name}: other rewards than ours")
    return {name: median(some) for name, some in taken.items()}


def report(found: dict[str, dict[str, float]], step: Step) -> None:
    """Writes the numbers to `measured.json`, and the table to the README."""
    lines = ["| | " + " | ".join(f"{part}, ms | ratio" for part in found) + " |"]
    lines.append("|-" * (1 + 2 * len(found)) + "|")
    for name in next(iter(found.values())):
        cells = [f"{part[name]:.3f} | {part[name] / part['ours']:.1f}" for part in found.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    facts = {
        "responses": len(step.texts),
        "different": len(set(step.texts)),
        "images a class": IMAGES,
        "concepts": len(step.classes),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.machine(),
    }
    lines.append("\n" + ", ".join(f"{name} {value}" for name, value in facts.items()))
    (HERE / "measured.json").write_text(json.dumps({"ms": found, **facts}, indent=1) + "\n")
    write_between(HERE / "README.md", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
