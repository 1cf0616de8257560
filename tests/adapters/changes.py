"""Changes of a model that its weights do not show, each also made by hand in a plain twin.

A change takes the model and its twin, and returns the model.
"""

from copy import deepcopy

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize


class HalvedLinear(nn.Linear):
    """As quantised layers are: a subclass whose weight is not what it multiplies by."""

    def forward(self, values):
        return functional.linear(values, self.weight * 0.5, self.bias)


class Halved(nn.Module):
    def forward(self, weight):
        return weight * 0.5


def shifted(values):
    """Moved by no constant, which the next norm would take away."""
    return values + torch.linspace(-1, 1, values.shape[-1], dtype=values.dtype)


def shift(bias):
    with torch.no_grad():
        bias.copy_(shifted(bias))


def halve(weight):
    with torch.no_grad():
        weight.mul_(0.5)


def hf_projections(model, parts="qkv"):
    for tower in (model.vision_model, model.text_model):
        attention = tower.encoder.layers[-1].self_attn
        yield from ((attention, f"{part}_proj") for part in parts)


def hf_lora(model, twin):
    torch.manual_seed(0)
    config = LoraConfig(target_modules=["q_proj", "k_proj", "v_proj"], init_lora_weights=False)
    wrapped = get_peft_model(model, config).double()
    for name, module in wrapped.get_base_model().named_modules():
        if isinstance(module, LoraLayer):
            with torch.no_grad():
                twin.get_submodule(name).weight.add_(module.get_delta_weight("default"))
    return wrapped.get_base_model()


def hf_hook(model, twin):
    for (attention, name), (other, _) in zip(
        hf_projections(model), hf_projections(twin), strict=True
    ):
        getattr(attention, name).register_forward_hook(lambda _, __, output: shifted(output))
        shift(getattr(other, name).bias)
    return model


def hf_quantised(model, twin):
    for (attention, name), (other, _) in zip(
        hf_projections(model), hf_projections(twin), strict=True
    ):
        plain = getattr(attention, name)
        odd = HalvedLinear(plain.in_features, plain.out_features, dtype=plain.weight.dtype)
        odd.load_state_dict(plain.state_dict())
        setattr(attention, name, odd)
        halve(getattr(other, name).weight)
    return model


def hf_parametrised(model, twin):
    for (attention, name), (other, _) in zip(
        hf_projections(model), hf_projections(twin), strict=True
    ):
        parametrize.register_parametrization(getattr(attention, name), "weight", Halved())
        halve(getattr(other, name).weight)
    return model


def hf_own_forward(model, twin):
    """As accelerate puts one on a module that it moves between devices."""
    for (attention, name), (other, _) in zip(
        hf_projections(model), hf_projections(twin), strict=True
    ):
        projection = getattr(attention, name)
        forward = projection.forward
        projection.forward = lambda values, forward=forward: shifted(forward(values))
        shift(getattr(other, name).bias)
    return model


def hf_attention_hook(model, twin):
    for attention, _ in hf_projections(model, "q"):
        attention.register_forward_hook(lambda _, __, output: (shifted(output[0]), output[1]))
    for attention, _ in hf_projections(twin, "q"):
        shift(attention.out_proj.bias)
    return model


def hf_container_hook(model, twin):
    """Whatever stands around the blocks is the model's, too."""

    def scaled(_, __, output):
        output.last_hidden_state = shifted(output.last_hidden_state)
        return output

    for tower, other in (
        (model.vision_model, twin.vision_model),
        (model.text_model, twin.text_model),
    ):
        tower.encoder.register_forward_hook(scaled)
        shift(other.encoder.layers[-1].mlp.fc2.bias)
    return model


def last_attentions(model):
    return [tower.resblocks[-1].attn for tower in (model.visual.transformer, model.transformer)]


def open_clip_lora(model, twin):
    torch.manual_seed(0)
    wrapped = get_peft_model(model, LoraConfig(target_modules=["attn"], init_lora_weights=False))
    wrapped = wrapped.double()
    merged = deepcopy(wrapped).merge_and_unload()
    twin.load_state_dict(merged.state_dict())
    return wrapped.get_base_model()


def open_clip_hook(model, twin):
    for attention, other in zip(last_attentions(model), last_attentions(twin), strict=True):
        attention.register_forward_hook(lambda _, __, output: (shifted(output[0]), output[1]))
        shift(other.out_proj.bias)
    return model


def open_clip_unheard_hook(model, twin):
    """`nn.MultiheadAttention` reads its output's weights, and never calls it."""
    for attention in last_attentions(model):
        attention.out_proj.register_forward_hook(lambda _, __, output: shifted(output))
    return model


def open_clip_parametrised(model, twin):
    for attention, other in zip(last_attentions(model), last_attentions(twin), strict=True):
        parametrize.register_parametrization(attention, "in_proj_weight", Halved())
        halve(other.in_proj_weight)
    return model


def open_clip_container_hook(model, twin):
    for tower, other in (
        (model.visual.transformer, twin.visual.transformer),
        (model.transformer, twin.transformer),
    ):
        tower.register_forward_hook(lambda _, __, output: shifted(output))
        shift(other.resblocks[-1].mlp.c_proj.bias)
    return model


HF = [
    hf_lora, hf_hook, hf_quantised, hf_parametrised, hf_own_forward, hf_attention_hook,
    hf_container_hook,
]  # fmt: skip
OPEN_CLIP = [
    open_clip_lora, open_clip_hook, open_clip_unheard_hook, open_clip_parametrised,
    open_clip_container_hook,
]  # fmt: skip
