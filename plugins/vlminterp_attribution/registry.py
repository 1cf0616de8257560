"""Attribution methods by name: our own, and those of other packages."""

from vlminterp.attribution.explanation import Side
from vlminterp.entry_points import METHODS, installed, load
from vlminterp.errors import ConfigError
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.method import Method
from vlminterp_attribution.options import read_options

OWN = {
    "attention": "vlminterp_attribution.methods.attention:RawAttention",
    "attnlrp": "vlminterp_attribution.methods.attnlrp:AttnLRP",
    "banzhaf": "vlminterp_attribution.methods.banzhaf:Banzhaf",
    "clip_surgery": "vlminterp_attribution.methods.clip_surgery:CLIPSurgery",
    "coiba": "vlminterp_attribution.methods.coiba:CoIBA",
    "consensus": "vlminterp_attribution.methods.consensus:Consensus",
    "direct_effects": "vlminterp_attribution.methods.direct_effects:DirectEffects",
    "exclip": "vlminterp_attribution.methods.exclip:ExCLIP",
    "fixlip": "vlminterp_attribution.methods.fixlip:FIxLIP",
    "gae": "vlminterp_attribution.methods.gae:GAE",
    "gradcam": "vlminterp_attribution.methods.gradcam:GradCAM",
    "gradeclip": "vlminterp_attribution.methods.gradeclip:GradECLIP",
    "hirescam": "vlminterp_attribution.methods.hirescam:HiResCAM",
    "ig": "vlminterp_attribution.methods.ig:IntegratedGradients",
    "inputxgradient": "vlminterp_attribution.methods.inputxgradient:InputXGradient",
    "kernelshap": "vlminterp_attribution.methods.kernelshap:KernelSHAP",
    "layercam": "vlminterp_attribution.methods.layercam:LayerCAM",
    "legrad": "vlminterp_attribution.methods.legrad:LeGrad",
    "m2ib": "vlminterp_attribution.methods.m2ib:M2IBMethod",
    "maskclip": "vlminterp_attribution.methods.maskclip:MaskCLIP",
    "occlusion": "vlminterp_attribution.methods.occlusion:Occlusion",
    "rise": "vlminterp_attribution.methods.rise:RISE",
    "rollout": "vlminterp_attribution.methods.rollout:Rollout",
    "saliency": "vlminterp_attribution.methods.saliency:Saliency",
    "scorecam": "vlminterp_attribution.methods.scorecam:ScoreCAM",
    "smoothgrad": "vlminterp_attribution.methods.smoothgrad:SmoothGrad",
}
"""Our own methods; other packages add theirs as entry points in `vlminterp.methods`."""


def method_names() -> list[str]:
    """Returns the names of all methods."""
    return list(installed(METHODS, OWN))


def load_method(name: str) -> type[Method]:
    """Imports a method.

    Raises:
        ConfigError: There is no such method, or it can't be used.
    """
    found = load(METHODS, name, OWN)
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise ConfigError(f"method '{name}': {found!r} is no subclass of Method")
    return found


def make_method(name: str, side: Side, batches: Batches) -> Method:
    """Makes a method for one side.

    Args:
        name: The method's name.
        side: The side to explain.
        batches: Batches shared with the methods that run beside it; they hold its options.

    Raises:
        ConfigError: There is no such method or option, or the method does not explain this side.
    """
    kind = load_method(name)
    read = read_options(name, kind.default_options(side), batches.options.get(name, {}))
    made = kind(batches.encoder, side, read, batches=batches)
    made.name = name
    return made
