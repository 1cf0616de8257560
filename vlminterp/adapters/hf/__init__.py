"""Dual encoders of transformers, one module per `model_type`; the folder is their list."""
