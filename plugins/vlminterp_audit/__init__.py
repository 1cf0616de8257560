"""Audit: what does a VLM go by, and is that the thing itself?"""
