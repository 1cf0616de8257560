"""Bank: which of these described families does a VLM prefer?"""
