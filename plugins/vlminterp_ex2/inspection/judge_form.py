"""The form of a judge's answer: our own, or any JSON object that a schema describes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.inspection.verdicts import (
    InvalidAnswerError,
    JudgeAnswer,
    first_object,
    read_verdict,
    schema_of,
)

MEANINGS = ("informative", "visual", "families")
"""Labels that the lexicon gives too; a field of an answer can be mapped to one of them."""
EXPLANATION = "explanation"


@dataclass(frozen=True)
class Form:
    """The schema of an answer, and which of its fields mean what the lexicon says too.

    Attributes:
        schema: JSON Schema of an object; None for our own answer.
        means: Mapping from one of `MEANINGS` to the field that says it.
        true: Mapping from one of `MEANINGS` to the value of its field that stands for true.
        families: Families that our own answer names; those of another answer are sorted like them.
    """

    schema: Mapping[str, Any] | None = None
    means: Mapping[str, str] = field(default_factory=dict)
    true: Mapping[str, Any] = field(default_factory=dict)
    families: Families = field(default_factory=our_families)

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """The schema that an endpoint is given."""
        return schema_of(self.families) if self.schema is None else self.schema

    def read(self, answer: str) -> JudgeAnswer:
        """Reads the verdict from an answer.

        Args:
            answer: A JSON object, alone or with words or a code fence around it.

        Raises:
            InvalidAnswerError: The answer doesn't match the schema.
        """
        if self.schema is None:
            return read_verdict(answer, self.families)
        from jsonschema import ValidationError, validate

        found = first_object(answer)
        try:
            validate(found, self.schema)
        except ValidationError as error:
            place = "/".join(map(str, error.absolute_path)) or "the answer"
            raise InvalidAnswerError(f"'{place}': {error.message}") from error
        families = self._value(found, "families")
        return JudgeAnswer(
            informative=self._value(found, "informative"),
            visual=self._value(found, "visual"),
            families=None if families is None else self._ordered(families),
            explanation=str(found.get(EXPLANATION, "")),
            labels=json.dumps(
                {name: found[name] for name in sorted(found) if name != EXPLANATION},
                ensure_ascii=False,
            ),
        )

    def _value(self, found: Mapping[str, Any], meaning: str) -> Any:
        """Returns an answer's value for one meaning; None where it was not asked for."""
        if meaning not in self.means or self.means[meaning] not in found:
            return None
        value = found[self.means[meaning]]
        return value == self.true[meaning] if meaning in self.true else value

    def _ordered(self, named: list[str]) -> tuple[str, ...]:
        """Returns known families in their order, then others by name."""
        known = [family for family in self.families.informative if family in named]
        return (*known, *sorted(set(named) - set(known)))


def form_of(data: Mapping[str, Any] | None, families: Families | None = None) -> Form:
    """Reads the part `answer` of a file of judge prompts.

    Args:
        data: `schema`, and `means`, which maps a meaning to a field, or to a field with the `value`
            that is true. None for our own answer.
        families: Families that the answer is about; None for ours.

    Raises:
        KeyError: A required key is missing.
        ValueError: The schema is no JSON Schema, or a meaning or its field is unknown.
    """
    families = families or our_families()
    if data is None:
        return Form(families=families)
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    schema = dict(data["schema"])
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"answer.schema is no JSON Schema: {error.message}") from error
    means, true = {}, {}
    for meaning, told in dict(data.get("means") or {}).items():
        field_name = told["field"] if isinstance(told, Mapping) else told
        if meaning not in MEANINGS:
            raise ValueError(f"answer.means has '{meaning}'; allowed: {', '.join(MEANINGS)}")
        if field_name not in schema.get("properties", {}):
            raise ValueError(f"answer.means.{meaning}: the schema has no '{field_name}'")
        means[meaning] = field_name
        if isinstance(told, Mapping):
            true[meaning] = told["value"]
    return Form(schema, means, true, families)
