"""What contradicts itself about regions: cuts beyond the central limits, axes and fields that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.cuts import Cut, CutLimits, Region, Regions
from scoring.model.fields import text_fields
from scoring.model.shape import Model
from scoring.model.tiers import TierAxis

#: Where it stands in the section, what is wrong, and what would be right.
Found = tuple[tuple[str | int, ...], str, str]


def flaws(model: Model) -> Iterator[Found]:
    """Everything in a well-formed section that contradicts the rest of the model."""
    regions = model.tiers.regions
    if regions is None:
        return
    if regions.field not in text_fields(model):
        known = ", ".join(sorted(text_fields(model)))
        yield ("field",), f"'{regions.field}' is no text field of the account.", known
    axes = {axis.key: axis for axis in model.tiers.axes if axis.rule is None}
    yield from _limits(regions, axes)
    yield from _values(regions, model)
    for number, region in enumerate(regions.deviations):
        for key, cuts in region.cuts.items():
            loc = ("deviations", number, "cuts", key)
            if key not in axes:
                yield loc, f"no axis with cuts is called '{key}'.", ", ".join(axes)
            else:
                yield from _cuts(region, axes[key], cuts, regions.limits.get(key), loc)


def _limits(regions: Regions, axes: dict[str, TierAxis]) -> Iterator[Found]:
    for key, limits in regions.limits.items():
        loc: tuple[str | int, ...] = ("limits", key)
        if key not in axes:
            yield loc, f"no axis with cuts is called '{key}'.", ", ".join(axes)
            continue
        central = axes[key].cuts
        if len(limits) != len(central):
            yield loc, f"axis '{key}' has {len(central)} cuts and {len(limits)} limits.", f"{len(central)} limits"
            continue
        for number, (cut, limit) in enumerate(zip(central, limits, strict=True)):
            for how, value, bounds in _given(cut, limit):
                if bounds is not None and not bounds[0] <= value <= bounds[1]:
                    message = f"the central cut of axis '{key}', {how} {value:g}, is outside the limits itself."
                    yield (*loc, number, how), message, f"limits around {value:g}"


def _values(regions: Regions, model: Model) -> Iterator[Found]:
    vocabulary = model.vocabulary.get(regions.field)
    known = {value.strip().casefold() for value in vocabulary.values} if vocabulary else None
    taken: dict[str, str] = {}
    for role in ("key", "label"):
        names = [getattr(region, role).casefold() for region in regions.deviations]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield ("deviations", number, role), f"the region {role} '{name}' is there twice.", "another one"
    for number, region in enumerate(regions.deviations):
        for value in region.values:
            loc = ("deviations", number, "values")
            folded = value.strip().casefold()
            if folded in taken:
                yield loc, f"'{value}' is in region '{taken[folded]}' already.", "every value in one region"
            taken[folded] = region.key
            if known is not None and vocabulary is not None and folded not in known:
                yield loc, f"'{value}' is no value of {regions.field}.", ", ".join(vocabulary.values)


def _cuts(
    region: Region,
    axis: TierAxis,
    cuts: tuple[Cut, ...],
    limits: tuple[CutLimits, ...] | None,
    loc: tuple[str | int, ...],
) -> Iterator[Found]:
    who = f"region '{region.key}'"
    if limits is None:
        yield loc, f"{who} deviates on axis '{axis.key}', which has no central limits.", "an axis under `limits`"
        return
    if len(cuts) != len(axis.cuts) or len(limits) != len(axis.cuts):
        yield loc, f"axis '{axis.key}' has {len(axis.cuts)} cuts, and {who} {len(cuts)}.", f"{len(axis.cuts)} cuts"
        return
    for number, (cut, limit) in enumerate(zip(cuts, limits, strict=True)):
        for how, value, bounds in _given(cut, limit):
            if bounds is None:
                yield (*loc, number, how), f"{who} sets `{how}`, for which there is no central limit.", _allowed(limit)
            elif not bounds[0] <= value <= bounds[1]:
                message = f"{who} is outside the central limits: {how} {value:g} on axis '{axis.key}'."
                yield (*loc, number, how), message, f"{bounds[0]:g} to {bounds[1]:g}"
    for how in ("quantile", "at"):
        given = [value for cut in cuts if (value := getattr(cut, how)) is not None]
        if given != sorted(given):
            yield loc, f"the cuts of {who} on axis '{axis.key}' do not ascend.", "the lowest cut first"


def _given(cut: Cut, limit: CutLimits) -> Iterator[tuple[str, float, tuple[float, float] | None]]:
    """What a cut says, and the limits for it."""
    for how in ("quantile", "at"):
        value = getattr(cut, how)
        if value is not None:
            yield how, value, getattr(limit, how)


def _allowed(limit: CutLimits) -> str:
    return " and ".join(how for how in ("quantile", "at") if getattr(limit, how) is not None)
