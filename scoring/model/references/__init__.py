"""What types alone cannot see in a model: references that lead nowhere, keys used twice, cells left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import get_args

from scoring.model.conditions import OPERATORS, All, AnyOf, Condition, Not, Otherwise, Test
from scoring.model.fields import BUILT_IN, COLUMNS, NEEDED, OWN_ONLY, RuleField, record_fields, rule_fields, text_fields
from scoring.model.messages import nearest
from scoring.model.playbook import BASELINE
from scoring.model.references import quality, regions, tiers, two_crms, units
from scoring.model.shape import DEFAULT_NAMES, Model, RuleKey, ValueProfile

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Flaw:
    """One wrong reference and where it stands in the model."""

    loc: Loc
    message: str
    allowed: str = ""


def flaws(model: Model) -> Iterator[Flaw]:
    """Everything in a well-formed model that contradicts the rest of it."""
    yield from _unique_keys(model)
    yield from _attributes(model)
    yield from _rule_lists(model)
    yield from _matrix(model.value_profile)
    yield from _rankings(model.value_profile)
    yield from _money(model)
    yield from _groups(model)
    yield from _mandatory(model)
    yield from _owners(model)
    yield from _days(model)
    yield from _retired(model)
    yield from _quality(model)
    yield from _crm(model)


def _unknown(loc: Loc, what: str, name: str, choices: Iterable[str]) -> Flaw:
    known = sorted(choices)
    guess = nearest(name, known)
    hint = f" Did you mean `{guess}`?" if guess else ""
    return Flaw(loc, f"'{name}' is no {what}.{hint}", ", ".join(known) or "none is defined")


def _duplicates(entries: Iterable[tuple[Loc, str]], what: str) -> Iterator[Flaw]:
    """Values that repeat, compared without regard to case as the CRM does."""
    seen: dict[str, str] = {}
    for loc, value in entries:
        if value.casefold() in seen:
            yield Flaw(loc, f"{what} '{value}' is used twice.", f"a {what} that no other entry has")
        seen[value.casefold()] = value


def _unique_keys(model: Model) -> Iterator[Flaw]:
    subs = [
        (("segments", n, "sub_segments", m), sub)
        for n, segment in enumerate(model.segments)
        for m, sub in enumerate(segment.sub_segments)
    ]
    segments = [(("segments", n), segment) for n, segment in enumerate(model.segments)]
    matrix = model.value_profile
    lists: Sequence[tuple[str, Sequence[tuple[Loc, object]]]] = (
        ("segment", segments),
        ("sub-segment", subs),
        ("profile", [(("value_profile", "profiles", n), part) for n, part in enumerate(matrix.profiles)]),
        ("axis", [(("value_profile", "axes", n), part) for n, part in enumerate(matrix.axes)]),
        ("driver", [(("value_profile", "drivers", n), part) for n, part in enumerate(matrix.drivers)]),
        *(
            (
                f"class of axis {axis.key},",
                [(("value_profile", "axes", n, "classes", m), part) for m, part in enumerate(axis.classes)],
            )
            for n, axis in enumerate(matrix.axes)
        ),
    )
    for what, parts in lists:
        for role in ("key", "label"):
            entries = [((*loc, role), getattr(part, role)) for loc, part in parts]
            yield from _duplicates(entries, f"{what} {role}")


def _attributes(model: Model) -> Iterator[Flaw]:
    for name in model.attributes:
        if name in BUILT_IN or name in COLUMNS["account"] or name.startswith("own_"):
            yield Flaw(("attributes", name), "this name is taken by a field that is always there.")
    known = text_fields(model)
    for name, vocabulary in model.vocabulary.items():
        if name not in known:
            yield _unknown(("vocabulary", name), "text field", name, known)
        for label, target in vocabulary.labels.items():
            if target not in vocabulary.values:
                loc = ("vocabulary", name, "labels", label)
                yield _unknown(loc, f"value of {name}", target, vocabulary.values)
        entries: list[tuple[Loc, str]] = [
            (("vocabulary", name, "values", n), value) for n, value in enumerate(vocabulary.values)
        ]
        entries += [(("vocabulary", name, "labels", label), label) for label in vocabulary.labels]
        yield from _duplicates(entries, "label")


def _rule_lists(model: Model) -> Iterator[Flaw]:
    """Every condition of the model, and rules that come after one that always holds."""
    fields = rule_fields(model)
    for n, rule in enumerate(model.scope):
        yield from _condition(rule.require, ("scope", n, "require"), model, fields)
    groups: list[Sequence[tuple[Loc, Sequence[Condition]]]] = [
        [(("segments", n, "rules"), segment.rules) for n, segment in enumerate(model.segments)]
    ]
    groups += [
        [(("segments", n, "sub_segments", m, "rules"), sub.rules) for m, sub in enumerate(segment.sub_segments)]
        for n, segment in enumerate(model.segments)
    ]
    groups += [
        [(("value_profile", "axes", n, "classes", m, "rules"), part.rules) for m, part in enumerate(axis.classes)]
        for n, axis in enumerate(model.value_profile.axes)
    ]
    for n, tier_axis in enumerate(model.tiers.axes):
        if tier_axis.rule is not None:
            yield from _condition(tier_axis.rule, ("tiers", "axes", n, "rule"), model, fields)
    if model.groups.count_elsewhere is not None:
        yield from _condition(model.groups.count_elsewhere, ("groups", "count_elsewhere"), model, fields)
    for group in groups:
        closed = False
        for loc, conditions in group:
            for n, condition in enumerate(conditions):
                if closed:
                    yield Flaw((*loc, n), "is never reached: a rule before it always holds.")
                closed = closed or isinstance(condition, Otherwise)
                yield from _condition(condition, (*loc, n), model, fields)


def _condition(condition: Condition, loc: Loc, model: Model, fields: dict[str, RuleField]) -> Iterator[Flaw]:
    if isinstance(condition, Test):
        yield from _test(condition, loc, model, fields)
    elif isinstance(condition, Not):
        yield from _condition(condition.not_, (*loc, "not"), model, fields)
    elif isinstance(condition, (All, AnyOf)):
        name = "all" if isinstance(condition, All) else "any"
        for n, part in enumerate(getattr(condition, name)):
            yield from _condition(part, (*loc, name, n), model, fields)


def _test(test: Test, loc: Loc, model: Model, fields: dict[str, RuleField]) -> Iterator[Flaw]:
    field = fields.get(test.field)
    if field is None:
        yield _unknown((*loc, "field"), "field", test.field, fields)
        return
    place = (*loc, test.operator)
    if field.type not in OPERATORS[test.operator]:
        fitting = [name for name, kinds in OPERATORS.items() if field.type in kinds]
        yield Flaw(place, f"does not fit {test.field}, which is {_a(field.type)}.", ", ".join(fitting))
        return
    operand = test.operand(test.operator)
    operands = operand if isinstance(operand, tuple) else (operand,)
    if test.operator in ("at_least", "below", "between", "equals"):
        wanted = {"date": date, "text": str}.get(field.type, (int, float))
        for value in operands:
            if not isinstance(value, wanted) or isinstance(value, bool):
                yield Flaw(place, f"found '{value}' for {test.field}.", _a(field.type))
    if test.operator == "between" and operands[0] > operands[1]:
        yield Flaw(place, "the first bound is greater than the second.", "[low, high]")
    vocabulary = model.vocabulary.get(test.field)
    if vocabulary and test.operator in ("equals", "in", "includes"):
        known = {value.casefold() for value in vocabulary.values}
        for value in operands:
            if str(value).strip().casefold() not in known:
                yield _unknown(place, f"value of {test.field}", str(value), vocabulary.values)


def _a(kind: str) -> str:
    return {"text": "text", "number": "a number", "money": "an amount of money", "date": "a date"}[kind]


def _matrix(matrix: ValueProfile) -> Iterator[Flaw]:
    axes = {axis.key: [part.key for part in axis.classes] for axis in matrix.axes}
    profiles = [profile.key for profile in matrix.profiles]
    covered: dict[tuple[str, ...], int] = {}
    sound = True
    for n, cell in enumerate(matrix.cells):
        loc: Loc = ("value_profile", "cells", n)
        if cell.profile not in profiles:
            yield _unknown((*loc, "profile"), "profile", cell.profile, profiles)
        for axis, classes in cell.where.items():
            if axis not in axes:
                sound = False
                yield _unknown((*loc, "where", axis), "axis", axis, axes)
                continue
            for key in classes:
                if key not in axes[axis]:
                    sound = False
                    yield _unknown((*loc, "where", axis), f"class of {axis}", key, axes[axis])
        for combination in product(*(cell.where.get(axis, classes) for axis, classes in axes.items())):
            if combination in covered and sound:
                text = f"{_named(combination)} is covered already by cells[{covered[combination]}]."
                yield Flaw(loc, text, "every combination of classes in one cell")
            covered.setdefault(combination, n)
    if sound:
        open_cells = [_named(each) for each in product(*axes.values()) if each not in covered]
        if open_cells:
            yield Flaw(("value_profile", "cells"), f"no profile for {', '.join(open_cells)}.")


def _named(combination: Sequence[str]) -> str:
    return " × ".join(combination)


def _rankings(matrix: ValueProfile) -> Iterator[Flaw]:
    axes = {axis.key: [part.key for part in axis.classes] for axis in matrix.axes}
    profiles = [profile.key for profile in matrix.profiles]
    drivers = [driver.key for driver in matrix.drivers]
    for n, ranking in enumerate(matrix.rankings):
        loc: Loc = ("value_profile", "rankings", n)
        if bool(ranking.cell) == bool(ranking.profile):
            yield Flaw(loc, "belongs to one cell or to one profile.", "either `cell` or `profile`")
        elif ranking.profile and ranking.profile not in profiles:
            yield _unknown((*loc, "profile"), "profile", ranking.profile, profiles)
        elif ranking.cell:
            for axis in ranking.cell.keys() | axes.keys():
                if axis not in axes:
                    yield _unknown((*loc, "cell", axis), "axis", axis, axes)
                elif ranking.cell.get(axis) not in axes[axis]:
                    named = str(ranking.cell.get(axis, "(none)"))
                    yield _unknown((*loc, "cell", axis), f"class of {axis}", named, axes[axis])
        for name in ranking.drivers:
            if name not in drivers:
                yield _unknown((*loc, "drivers"), "driver", name, drivers)
        absent = [name for name in drivers if name not in ranking.drivers]
        if absent:
            yield Flaw((*loc, "drivers"), f"{', '.join(absent)} is not ranked.", "every driver, once")
        if len(set(ranking.drivers)) < len(ranking.drivers):
            yield Flaw((*loc, "drivers"), "a driver is ranked twice.", "every driver, once")


def _money(model: Model) -> Iterator[Flaw]:
    value, card = model.value, model.cost_to_serve
    if value.basis == "margin" and value.revenue_from != "order_lines":
        message = f"product cost is not known for {value.revenue_from}, so there is no margin."
        yield Flaw(("value", "basis"), message, "revenue, or revenue_from: order_lines")
    for loc, message, allowed in tiers.flaws(model.tiers):
        yield Flaw(("tiers", *loc), message, allowed)
    for loc, message, allowed in regions.flaws(model):
        yield Flaw(("tiers", "regions", *loc), message, allowed)
    for key in model.playbook:
        if key not in (BASELINE, *model.tiers.keys):
            yield _unknown(("playbook", key), "tier", key, (BASELINE, *model.tiers.keys))
    yield from _attributes_named(model)
    for name in type(card.activities).model_fields:
        work = getattr(card.activities, name)
        if work and work.role not in card.cost_per_minute:
            loc = ("cost_to_serve", "activities", name.rstrip("_"), "role")
            yield _unknown(loc, "role in cost_per_minute", work.role, card.cost_per_minute)
    for role in card.capacity:
        if role not in card.cost_per_minute:
            yield _unknown(("cost_to_serve", "capacity", role), "role in cost_per_minute", role, card.cost_per_minute)
    if card.activities.ticket:
        loc = ("cost_to_serve", "activities", "ticket", "minutes")
        entries = [((*loc, name), name) for name in card.activities.ticket.minutes]
        yield from _duplicates(entries, "priority")


def _attributes_named(model: Model) -> Iterator[Flaw]:
    """Attributes that the value score and the cost to serve look at, and components without the attribute they need."""
    value = model.value
    named: list[tuple[Loc, str]] = [(("value", "engagement", n), name) for n, name in enumerate(value.engagement)]
    if value.fit is not None:
        given = {role: getattr(value.fit, role) for role in ("rating", "rated_on", "rated_by")}
        named += [(("value", "fit", role), name) for role, name in given.items() if name is not None]
    if model.cost_to_serve.rating is not None:
        named.append((("cost_to_serve", "rating", "attribute"), model.cost_to_serve.rating.attribute))
    for loc, name in named:
        if name not in model.attributes:
            yield _unknown(loc, "attribute", name, model.attributes)
    if "fit" in model.components_used() and value.fit is None:
        message = "strategic fit is used, and no attribute is named that holds the rating."
        yield Flaw(("value", "fit"), message, "fit: {rating: an attribute}")
    if "lifetime" in model.components_used() and model.clv is None:
        message = "lifetime value is used, and the section that says how it is worked out is missing."
        yield Flaw(("clv",), message, "clv: {method: retention}")


def _days(model: Model) -> Iterator[Flaw]:
    """The weekly digest goes out on a day on which something is sent."""
    days = model.alerts.days(model.working_days)
    if model.alerts.digest.weekday not in days:
        message = f"the weekly digest goes out on {model.alerts.digest.weekday}, which is no working day."
        yield Flaw(("alerts", "digest", "weekday"), message, ", ".join(days))


def _owners(model: Model) -> Iterator[Flaw]:
    """Segments, columns and quality rules that the rules on owners name."""
    segments, columns = {segment.key for segment in model.segments}, text_fields(model)
    known_rules = (*get_args(RuleKey), *(rule.key for rule in model.quality.custom))
    for number, rule in enumerate(model.owners):
        for place, key in enumerate(rule.segments):
            if key not in segments:
                yield _unknown(("owners", number, "segments", place), "segment", key, segments)
        for name in rule.where:
            if name not in columns:
                yield _unknown(("owners", number, "where", name), "column of the account with text", name, columns)
        for place, key in enumerate(rule.rules):
            if key not in known_rules:
                yield _unknown(("owners", number, "rules", place), "quality rule", key, known_rules)
    for number, each in enumerate(model.follow_up.escalation.model_owners):
        for name in each.where:
            if name not in columns:
                loc = ("follow_up", "escalation", "model_owners", number, "where", name)
                yield _unknown(loc, "column of the account with text", name, columns)


def _groups(model: Model) -> Iterator[Flaw]:
    groups = model.groups
    for key in ("count_elsewhere", "publish"):
        if getattr(groups, key) and not groups.enabled:
            yield Flaw(("groups", key), "does nothing while groups are off.", "groups: enabled: true")
    for loc, message, allowed in units.flaws(model):
        yield Flaw(("business_units", *loc), message, allowed)
    for place, message, allowed in two_crms.flaws(model):
        yield Flaw(("two_crms", *place), message, allowed)


def _mandatory(model: Model) -> Iterator[Flaw]:
    segments = {segment.key for segment in model.segments}
    keys: list[tuple[Loc, str]] = []
    for number, requirement in enumerate(model.mandatory.requirements):
        loc: Loc = ("mandatory", "requirements", number)
        keys.append(((*loc, "key"), requirement.key))
        for place, key in enumerate(requirement.segments):
            if key not in segments:
                yield _unknown((*loc, "segments", place), "segment", key, segments)
        for value in requirement.values:
            if requirement.stage != "optional" and not model.policy(value).mandatory:
                message = f"'{value}' is asked for here, but `fields.{value}.mandatory` is false, so nobody is told."
                yield Flaw((*loc, "values"), message, f"fields.{value}: mandatory: true")
    yield from _duplicates(keys, "key")


def _retired(model: Model) -> Iterator[Flaw]:
    living: dict[str, set[str]] = {
        "segment": {segment.key for segment in model.segments},
        "sub_segment": {sub.key for segment in model.segments for sub in segment.sub_segments},
        "value_profile": {profile.key for profile in model.value_profile.profiles},
    }
    for output, keys in living.items():
        entries: list[tuple[Loc, str]] = []
        for number, value in enumerate(model.retired.of(output)):
            loc: Loc = ("retired", output, number)
            entries.append(((*loc, "key"), value.key))
            if value.key in keys:
                message = f"'{value.key}' is retired here and still a {output.replace('_', '-')} of this model."
                yield Flaw((*loc, "key"), message, "a key that the model no longer has")
            if value.into and value.into not in keys:
                yield _unknown((*loc, "into"), output.replace("_", "-"), value.into, keys)
        yield from _duplicates(entries, "retired key")


def _quality(model: Model) -> Iterator[Flaw]:
    """Conditions of data-quality rules, which see the record and not what is summed up over its transactions."""
    fields = record_fields(model)
    contradictions = [("contradictions", number, rule.when) for number, rule in enumerate(model.quality.contradictions)]
    custom = [("custom", number, rule.when) for number, rule in enumerate(model.quality.custom)]
    for name, number, condition in (*contradictions, *custom):
        yield from _condition(condition, ("quality", name, number, "when"), model, fields)
    for loc, message, allowed in quality.flaws(model):
        yield Flaw(loc, message, allowed)


def _crm(model: Model) -> Iterator[Flaw]:
    for connector, own in model.crm.items():
        for kind, columns in own.fields.items():
            loc: Loc = ("crm", connector, "fields", kind)
            if kind not in COLUMNS:
                yield _unknown(loc, "kind of record", kind, COLUMNS)
                continue
            if kind in OWN_ONLY and kind not in own.objects:
                message = f"there is no standard object for {kind} records, so which one holds them has to be said."
                yield Flaw(loc, message, f"objects: {{{kind}: the object's API name}}")
            known = COLUMNS[kind] | (set(model.attributes) if kind == "account" else set())
            for column in columns:
                if column not in known:
                    yield _unknown((*loc, column), f"column of {kind}", column, known)
        for kind, name in own.objects.items():
            absent = sorted(NEEDED[kind] - set(own.fields.get(kind, {})))
            if absent:
                message = f"{name} is no standard object, so where its columns are has to be said: {', '.join(absent)}."
                yield Flaw(("crm", connector, "objects", kind), message, f"fields: {kind}: {absent[0]}: the API name")
        mapped = own.fields.get("account", {})
        for name in model.attributes:
            if name not in mapped:
                message = f"the attribute '{name}' is not mapped to a field of this CRM."
                yield Flaw(("crm", connector, "fields", "account"), message, f"{name}: the field's API name")
        unit_tiers = {f"unit_{unit.key}_tier" for unit in model.business_units.units}
        roles = {*DEFAULT_NAMES[connector], *unit_tiers}
        for role in own.names:
            if role not in roles:
                yield _unknown(("crm", connector, "names", role), "published value", role, roles)
        names = [(("crm", connector, "names", role), name) for role, name in own.names.items()]
        yield from _duplicates(names, "field name")
