"""Scoring what is said about concepts: class means, scores, banks of descriptions, gains.

Everything here works with any `DualEncoder` and any source of concepts.
"""
