"""What contradicts itself in a tier scheme: cells that name nothing, places without a tier, cuts that do not divide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from scoring.model.tiers import Tiers, covers

#: Where it stands in the section, what is wrong, and what would be right.
Found = tuple[tuple[str | int, ...], str, str]


def flaws(scheme: Tiers) -> Iterator[Found]:
    """Everything in a well-formed scheme that contradicts the rest of it."""
    found = [*_names(scheme), *_axes(scheme), *_cells(scheme)]
    yield from found
    if not found:
        yield from _gaps(scheme)
        yield from _shares(scheme)


def _names(scheme: Tiers) -> Iterator[Found]:
    axes = [axis.key for axis in scheme.axes]
    for key in scheme.cuts:
        if key not in axes:
            yield ("cuts", key), f"no axis is called '{key}'.", ", ".join(axes)
    for section in ("labels", "actions"):
        for key in getattr(scheme, section):
            if key not in scheme.keys:
                yield (section, key), f"no tier is called '{key}'.", ", ".join(scheme.keys)
    labels = [level.label.casefold() for level in scheme.levels]
    for what, section, keys in (
        ("tier", "levels", [*scheme.keys]),
        ("axis", "axes", axes),
        ("label", "labels", labels),
    ):
        for key in dict.fromkeys(keys):
            if keys.count(key) > 1:
                yield (section,), f"the {what} '{key}' is there twice.", f"a {what} that no other entry has"


def _axes(scheme: Tiers) -> Iterator[Found]:
    for number, axis in enumerate(scheme.axes):
        loc = ("cuts", axis.key) if axis.key in scheme.cuts else ("axes", number)
        wanted = 0 if axis.rule is not None else len(axis.classes) - 1
        if len(axis.cuts) != wanted:
            yield loc, f"axis '{axis.key}' has {len(axis.classes)} classes and {len(axis.cuts)} cuts.", f"{wanted} cuts"
        if axis.rule is not None and len(axis.classes) != 2:
            yield (
                ("axes", number),
                f"axis '{axis.key}' goes by a rule and has {len(axis.classes)} classes.",
                "2 classes",
            )
        for role in ("quantile", "at"):
            given = [value for cut in axis.cuts if (value := getattr(cut, role)) is not None]
            if given != sorted(given):
                yield loc, f"the cuts of axis '{axis.key}' do not ascend.", "the lowest cut first"


def _cells(scheme: Tiers) -> Iterator[Found]:
    axes = {axis.key: axis.classes for axis in scheme.axes}
    for number, cell in enumerate(scheme.cells):
        if cell.tier not in scheme.keys:
            yield ("cells", number, "tier"), f"no tier is called '{cell.tier}'.", ", ".join(scheme.keys)
        for key, classes in cell.where.items():
            if key not in axes:
                yield ("cells", number, "where", key), f"no axis is called '{key}'.", ", ".join(axes)
            for name in classes:
                if key in axes and name not in axes[key]:
                    yield ("cells", number, "where", key), f"axis '{key}' has no class '{name}'.", ", ".join(axes[key])


def _gaps(scheme: Tiers) -> Iterator[Found]:
    for spot in product(*(range(len(axis.classes)) for axis in scheme.axes)):
        if not any(covers(scheme, cell, spot) for cell in scheme.cells):
            where = [f"{axis.key} {axis.classes[number]}" for axis, number in zip(scheme.axes, spot, strict=True)]
            yield ("cells",), f"no tier is given for {', '.join(where)}.", "a cell for every combination of classes"


def _shares(scheme: Tiers) -> Iterator[Found]:
    size, share = len(scheme.keys), scheme.share
    if scheme.keeps_shares() and not share.min <= 1 / size <= share.max:
        message = f"{size} tiers cannot each hold {share.min:.0%} to {share.max:.0%} of the customers."
        yield ("share",), message, f"min up to {1 / size:g}, max from {1 / size:g}"
