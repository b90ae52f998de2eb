"""How what an org shows of our fields differs from what the model relies on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connectors.base import Field, FieldSpec
from connectors.salesforce.definitions import DESCRIBE_TYPE
from connectors.salesforce.fields import Describe, fields_of
from connectors.salesforce.kinds import only_source


def drift(specs: Sequence[FieldSpec], describe: Callable[[str], Describe]) -> Iterator[str]:
    """One sentence per field that is not as the model has it."""
    for spec in specs:
        owner = only_source(spec.kind).name
        difference = difference_of(spec, fields_of(describe(owner)).get(spec.name))
        if difference:
            yield f"{owner}.{spec.name} ({spec.label}): {difference}."


def difference_of(spec: FieldSpec, shown: Field | None) -> str:
    """How a described field differs from what was asked for; "" if it does not."""
    if shown is None:
        return "the org does not have it, or the integration user cannot see it"
    if shown.type != DESCRIBE_TYPE[spec.type]:
        return f"its type is {shown.type} in the org and {DESCRIBE_TYPE[spec.type]} in the model"
    if not shown.updateable:
        return "the integration user may not edit it"
    if spec.type == "picklist" and shown.controller != spec.controller:
        theirs, ours = shown.controller or "nothing", spec.controller or "nothing"
        return f"it depends on {theirs} in the org and on {ours} in the model"
    if spec.type == "text" and spec.length and shown.length < spec.length:
        return f"it takes {shown.length} characters in the org and {spec.length} in the model"
    return _value_difference(spec, shown)


def _value_difference(spec: FieldSpec, shown: Field) -> str:
    values = {value.key: value for value in shown.values if value.active}
    lacking = [wanted.label for wanted in spec.values if wanted.active and wanted.key not in values]
    if lacking:
        named = ", ".join(f'"{label}"' for label in lacking)
        return f"the model has {named}, the org does not"
    for wanted in spec.values:
        missing = set(wanted.parents) - set(values[wanted.key].parents) if wanted.active else set()
        if missing:
            return f'"{wanted.label}" is not valid for {", ".join(sorted(missing))} in the org, in the model it is'
    return ""
