"""OWLv2: the CLIP inside the detector, as in OWL-ViT."""

from vlminterp.adapters.hf.owlvit import HFOWLViT


class HFOWLv2(HFOWLViT):
    """OWLv2, another class for the same towers."""

    model_type = "owlv2"
    architecture = "Owlv2Model"
