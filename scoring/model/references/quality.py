"""What of the model's section `quality` leads nowhere: values, columns and figures that the model does not have."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.fields import COLUMNS, record_fields
from scoring.model.shape import Model

Found = tuple[tuple[str | int, ...], str, str]


def flaws(model: Model) -> Iterator[Found]:
    """Place within the model, message, and what is allowed."""
    yield from _contradictions(model)
    yield from _thresholds(model)
    yield from _custom(model)


def _contradictions(model: Model) -> Iterator[Found]:
    known: dict[str, list[str]] = {
        "segment": [segment.key for segment in model.segments],
        "sub_segment": [sub.key for segment in model.segments for sub in segment.sub_segments],
        "value_profile": [profile.key for profile in model.value_profile.profiles],
    }
    for number, rule in enumerate(model.quality.contradictions):
        for output, keys in known.items():
            for place, key in enumerate(getattr(rule, output)):
                if key not in keys:
                    loc = ("quality", "contradictions", number, output, place)
                    yield loc, f"'{key}' is no {output.replace('_', ' ')} of this model.", ", ".join(keys)


def _thresholds(model: Model) -> Iterator[Found]:
    rules = model.quality.rules
    fields = record_fields(model)
    figures = sorted(name for name, field in fields.items() if field.type in ("number", "money"))
    for name in rules.out_of_range.fields:
        if name not in figures:
            loc = ("quality", "rules", "out_of_range", "fields", name)
            yield loc, f"'{name}' is no number or amount of the account.", ", ".join(figures)
    columns = sorted({*COLUMNS["opportunity"], "segment", "sub_segment", "value_profile"} - {"id", "stage"})
    for stage, names in rules.missing_at_stage.stages.items():
        for place, name in enumerate(names):
            if name not in columns:
                at = ("quality", "rules", "missing_at_stage", "stages", stage, place)
                yield at, f"'{name}' is no column of an opportunity and no value of its account.", ", ".join(columns)


def _custom(model: Model) -> Iterator[Found]:
    fields = sorted({*record_fields(model), "segment", "sub_segment", "value_profile", "tier"})
    seen: set[str] = set()
    for number, rule in enumerate(model.quality.custom):
        loc = ("quality", "custom", number)
        if rule.key.casefold() in seen:
            yield (*loc, "key"), f"custom rule '{rule.key}' is there twice.", "a key that no other custom rule has"
        seen.add(rule.key.casefold())
        if rule.field is not None and rule.field not in fields:
            yield (*loc, "field"), f"'{rule.field}' is no field of the account.", ", ".join(fields)
