"""What contradicts itself about business units: names used twice, axes and columns that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.shape import Model

#: Where it stands in the section, what is wrong, and what would be right.
Found = tuple[tuple[str | int, ...], str, str]

#: Characters of a key that fit into the API name of its unit's field.
LONGEST = 20


def flaws(model: Model) -> Iterator[Found]:
    """Everything in a well-formed section that contradicts itself or the rest of the model."""
    section = model.business_units
    if section.publish and not section.units:
        yield ("publish",), "does nothing without business units.", "units: [{key: medical, label: Medical}]"
    axes = {axis.key: axis for axis in model.tiers.axes if axis.rule is None}
    taken: dict[str, str] = {}
    for number, unit in enumerate(section.units):
        loc = ("units", number)
        earlier = section.units[:number]
        if unit.key in [each.key for each in earlier]:
            yield (*loc, "key"), f"'{unit.key}' is used twice.", "a key of its own"
        if len(unit.key) > LONGEST:
            yield (*loc, "key"), "is too long for the name of a field.", f"at most {LONGEST} characters"
        for name in unit.names:
            if name in taken:
                yield (*loc, "values"), f"'{name}' belongs to {taken[name]} already.", "one unit per value"
            taken[name] = unit.label
        for key, cuts in unit.cuts.items():
            if key not in axes:
                yield (*loc, "cuts", key), f"no axis with cuts is called '{key}'.", ", ".join(axes)
            elif len(cuts) != len(axes[key].classes) - 1:
                wanted = len(axes[key].classes) - 1
                yield (*loc, "cuts", key), f"axis '{key}' needs {wanted} cuts, found {len(cuts)}.", f"{wanted} cuts"
