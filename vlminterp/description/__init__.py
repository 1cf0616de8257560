"""Scores descriptions of concepts: class means, scores, banks of descriptions, gains.

Everything here works with any `DualEncoder` and any source of concepts.
"""
