"""PURE: what a person can choose for a value of an account, the likely answer first.

Segment and sub-segment are chosen together, because only some pairs are valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.model import Model
from scoring.model.mandatory import ChosenValue

#: Values that people choose.
CHOSEN: tuple[ChosenValue, ...] = ("segment", "sub_segment", "value_profile")
_PAIR: tuple[ChosenValue, ...] = ("segment", "sub_segment")


class NoSuchChoice(ValueError):
    """What was chosen is not on offer; the message says why."""


@dataclass(frozen=True)
class Choice:
    """Values for the fields that are chosen together; "" leaves one empty."""

    values: Mapping[str, str]
    label: str

    @property
    def key(self) -> str:
        """What a form sends."""
        return "/".join(self.values.values())


@dataclass(frozen=True)
class Offered:
    """Choices under one heading: those of a segment, or all value profiles."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Suggestion:
    """A likely answer and what speaks for it."""

    choice: Choice
    because: str


def fields_of(model: Model, field: str) -> tuple[ChosenValue, ...]:
    """Fields that are answered together with this one; none where people do not choose it in this model."""
    together = _PAIR if field in _PAIR else tuple(each for each in CHOSEN if each == field)
    chosen = tuple(each for each in together if model.policy(each).policy != "machine")
    return chosen if field in chosen else ()


def offered(model: Model, field: str, held: Mapping[str, Any]) -> list[Offered]:
    """Everything valid. `held`: what the account holds now, by field; it limits what is not chosen together."""
    together = fields_of(model, field)
    if together == ("value_profile",):
        profiles = tuple(Choice({"value_profile": each.key}, each.label) for each in model.value_profile.profiles)
        return [Offered("Value profiles", profiles)]
    if "segment" not in together:
        mine = [segment for segment in model.segments if segment.key == held.get("segment")]
        return [
            Offered(segment.label, tuple(Choice({"sub_segment": sub.key}, sub.label) for sub in segment.sub_segments))
            for segment in mine
        ]
    if "sub_segment" not in together:
        return [Offered("Segments", tuple(Choice({"segment": each.key}, each.label) for each in model.segments))]
    return [Offered(segment.label, _pairs(model, segment)) for segment in model.segments]


def _pairs(model: Model, segment: Any) -> tuple[Choice, ...]:
    pairs = [
        Choice({"segment": segment.key, "sub_segment": sub.key}, f"{segment.label} › {sub.label}")
        for sub in segment.sub_segments
    ]
    if not pairs or not model.policy("sub_segment").mandatory:
        pairs.append(Choice({"segment": segment.key, "sub_segment": ""}, f"{segment.label}, no sub-segment"))
    return tuple(pairs)


def chosen(model: Model, field: str, key: str, held: Mapping[str, Any]) -> Choice:
    """The choice that a form sent. Raises NoSuchChoice."""
    for group in offered(model, field, held):
        for choice in group.choices:
            if choice.key == key:
                return choice
    raise NoSuchChoice("Choose one of the values offered.")


def of_values(model: Model, field: str, values: Mapping[str, Any], held: Mapping[str, Any]) -> Choice | None:
    """The choice with these values, None where they are no valid one."""
    wanted = {name: str(values.get(name) or "") for name in fields_of(model, field)}
    choices = (choice for group in offered(model, field, held) for choice in group.choices)
    return next((choice for choice in choices if dict(choice.values) == wanted), None)


def suggestions(
    model: Model,
    field: str,
    held: Mapping[str, Any],
    result: Mapping[str, Any],
    others: Sequence[tuple[Mapping[str, Any], str]] = (),
) -> list[Suggestion]:
    """Likely answers, each once, the model's own first.

    Args:
        held: what the account holds now, by field.
        result: what the model's rules give the account: value by field, and the reason under field + "_why".
        others: values by field that something else speaks for, such as the parent's, each with the reason.
    """
    why = str(result.get(f"{field}_why") or "").rstrip(".")
    because = f"By the model's rules: {why[:1].lower()}{why[1:]}." if why else "The model's rules give it."
    found: list[Suggestion] = []
    for values, reason in ((result, because), *others):
        choice = of_values(model, field, values, held) if values.get(field) else None
        if choice is not None and all(choice.values != each.choice.values for each in found):
            found.append(Suggestion(choice, reason))
    return found
