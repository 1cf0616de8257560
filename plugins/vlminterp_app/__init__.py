"""`vlminterp app`: a place to play with pictures, captions, VLMs, methods and finished runs.

A package of its own, so that nobody who explains pictures needs Gradio. It uses the pages and
answers of vlminterp_attribution, which does not know it; other plugins it finds by entry points.
"""
