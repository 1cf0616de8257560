"""The names of an audit's tables; the main one has a row for each concept."""

PICTURES = "pictures"
"""One row for each tested picture: where the heat lies, scores and answers after exchanges."""
PHRASES = "phrases"
"""The best phrase of each family about each concept, and what it is worth."""
HEARD = "heard"
"""The mean gain of each family's words about each concept."""
FLAGS = "flags"
"""One row for each flag, with its evidence."""

BESIDE = (PICTURES, PHRASES, HEARD, FLAGS)
"""The tables that have a part for each row of the main one, empty where there is nothing to say."""
