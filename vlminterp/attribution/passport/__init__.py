"""The passport of a map: how far it can be trusted, found on the user's own picture."""
