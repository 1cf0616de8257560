"""EX2: an LLM learns to say what a VLM likes to hear, and what it says is inspected.

Esfandiarpoor, Menghini and Bach, "If CLIP Could Talk", EMNLP 2024.
"""
