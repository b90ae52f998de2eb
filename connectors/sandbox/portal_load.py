"""Fills a portal from CSV and Parquet files as a mapping file says; LOADING.md explains the format.

All of it is one transaction: the portal holds everything afterwards, or it is as it was before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.sandbox.expressions import evaluate, joined_columns
from connectors.sandbox.load import CORRECT, LoadReport, refused
from connectors.sandbox.mapping import LoadError, Mapping, PipelineEntry, PropertyEntry, Step
from connectors.sandbox.portal.outcomes import Problem, Refused
from connectors.sandbox.portal.portal import Portal, RowRefused
from connectors.sandbox.portal.schema import ObjectType, Option, Pipeline, Property, Stage
from connectors.sandbox.portal.standard import OBJECT_TYPES
from connectors.sandbox.tables import Folder
from connectors.sandbox.views import Key, View, keys_of, open_view

#: What a step calls the people of a portal, and their fields.
OWNERS = "owners"
_OWNER_FIELDS = frozenset({"email", "firstName", "lastName", "active"})
_LISTED = "Correct the mapping file; LOADING.md lists what is allowed."


def load(portal: Portal, directory: Path, mapping: Mapping) -> LoadReport:
    """Creates the properties, pipelines and records that the mapping describes from the files of a folder.

    Raises `LoadError`, which says where something is wrong and what to do; the portal is then as it was before.
    """
    folder = Folder(directory)
    folder.check(mapping.files())
    with portal.records.writing():
        _declare(portal, mapping)
        loading = _Loading(portal, folder, mapping)
        for number, step in enumerate(mapping.load):
            loading.do(number, step)
    return LoadReport(dict(loading.rows))


def _declare(portal: Portal, mapping: Mapping) -> None:
    if mapping.currencies:
        if mapping.currencies.dated:
            raise LoadError(f"{mapping.place('currencies')}: an account of HubSpot has no dated rates.", _LISTED)
        portal.set_setting("currency", mapping.currencies.corporate)
        portal.set_setting("additional_currencies", sorted(mapping.currencies.rates))
    for type_name, properties in mapping.properties.items():
        kind = _kind(mapping, type_name, "properties", type_name)
        for name, entry in properties.items():
            with _at(mapping, "properties", type_name, name):
                _save_property(portal, kind, name, entry)
    for type_name, pipelines in mapping.pipelines.items():
        for number, pipeline in enumerate(pipelines):
            with _at(mapping, "pipelines", type_name, number):
                portal.definitions.save_pipeline(OBJECT_TYPES[type_name], _pipeline(type_name, pipeline, number))


def _kind(mapping: Mapping, name: str, *place: str | int) -> ObjectType:
    if name not in OBJECT_TYPES:
        raise LoadError(
            f"{mapping.place(*place)}: a portal has no object type {name}.",
            f"There are {', '.join(OBJECT_TYPES)}, and in `load` also {OWNERS}.",
        )
    return OBJECT_TYPES[name]


@contextmanager
def _at(mapping: Mapping, *location: str | int) -> Iterator[None]:
    """Turns what the portal refuses into a `LoadError` that names the place in the mapping file."""
    try:
        yield
    except Refused as error:
        message = f"{mapping.place(*location)}: {error.problem.message.rstrip('.')}."
        raise LoadError(message, _LISTED) from None


def _save_property(portal: Portal, kind: ObjectType, name: str, entry: PropertyEntry) -> None:
    """Creates a property, or adds options to one that is there."""
    old = portal.definitions.live(kind, name)
    known = {each.value: each for each in old.options} if old else {}
    for each in entry.options:
        known[each.value] = Option(each.value, each.label or each.value, not each.active, order=len(known))
    options = tuple(known.values())
    if old is not None:
        portal.definitions.change_property(kind, name, options=options)
        return
    label, field_type = entry.label or name.replace("_", " ").capitalize(), entry.field_type or _field(entry.type)
    made = Property(name, label, entry.type, field_type, kind.group, entry.description, options, unique=entry.unique)
    portal.definitions.create_property(kind, made)


def _field(kind: str) -> str:
    return {"enumeration": "select", "number": "number", "bool": "booleancheckbox", "string": "text"}.get(kind, "date")


def _pipeline(type_name: str, entry: PipelineEntry, order: int) -> Pipeline:
    stages = []
    for place, each in enumerate(entry.stages):
        closed = "true" if each.closed else "false"
        if type_name == "deals":
            metadata = {"probability": str(each.probability / 100), "isClosed": closed}
        else:
            metadata = {"ticketState": "CLOSED" if each.closed else "OPEN", "isClosed": closed}
        stages.append(Stage(each.id, each.label or each.id, place, metadata))
    return Pipeline(entry.id, entry.label or entry.id, order, tuple(stages))


@dataclass
class _Loading:
    """One load under way. `loaded` has, per step, the id that each source key became."""

    portal: Portal
    folder: Folder
    mapping: Mapping
    loaded: dict[str, dict[Key, str]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    def do(self, number: int, step: Step) -> None:
        view = open_view(self.folder, step, joined_columns)
        self._check(number, step)
        records = self._records(step, view)
        ids = self._owners(step, view, records) if step.object == OWNERS else self._objects(step, view, records)
        self.loaded[step.title] = keys_of(step, view, ids)
        self._associate(number, step, view, ids)
        self.rows[step.object] += len(ids)

    def _check(self, number: int, step: Step) -> None:
        """All properties of a step must exist."""
        if step.object == OWNERS:
            known = set(_OWNER_FIELDS)
        else:
            kind = _kind(self.mapping, step.object, "load", number, "object")
            known = {name for name, each in self.portal.definitions.properties(kind).items() if not each.archived}
        for name in step.fields:
            if name not in known:
                raise LoadError(
                    f"{self.mapping.place('load', number, 'fields', name)}: {step.object} have no property {name}.",
                    f"Correct the name, or declare it under `properties`, {step.object}.",
                )

    def _records(self, step: Step, view: View) -> list[dict[str, Any]]:
        columns = {name: evaluate(expression, view, self.loaded) for name, expression in step.fields.items()}
        names = tuple(columns)
        return [
            {name: _text(value) for name, value in zip(names, values, strict=True) if value is not None}
            for values in zip(*columns.values(), strict=True)
        ] or [{} for _ in range(len(view))]

    def _owners(self, step: Step, view: View, records: Sequence[dict[str, Any]]) -> list[str]:
        ids = []
        for row, record in enumerate(records):
            if not record.get("email"):
                raise LoadError(f"{view.place(row)}: an owner needs an email.", CORRECT)
            owner = self.portal.owners.add(
                str(record["email"]), str(record.get("firstName", "")), str(record.get("lastName", "")),
                active=record.get("active", True) not in (False, "false", "False", "0"),
            )  # fmt: skip
            ids.append(str(owner.id))
        return ids

    def _objects(self, step: Step, view: View, records: Sequence[dict[str, Any]]) -> list[str]:
        try:
            return [str(each) for each in self.portal.bulk_load(OBJECT_TYPES[step.object], records)]
        except RowRefused as refusal:
            raise _refused(step, view, refusal.row, refusal.problem) from None

    def _associate(self, number: int, step: Step, view: View, ids: Sequence[str]) -> None:
        """Associations of the step's records: "Primary" ones where there are such, and of a company with its parent."""
        for name, expression in step.associate.items():
            source = _kind(self.mapping, step.object, "load", number, "object")
            target = _kind(self.mapping, name, "load", number, "associate", name)
            others = evaluate(expression, view, self.loaded)
            pairs = [(int(one), int(two)) for one, two in zip(ids, others, strict=True) if two is not None]
            with _at(self.mapping, "load", number, "associate", name):
                self.portal.link(source, target, pairs, primary=True)


def _text(value: Any) -> Any:
    """A value as the API takes it: numbers without an exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def _refused(step: Step, view: View, row: int, problem: Problem) -> LoadError:
    """A record the portal does not take, as a sentence about the file."""
    names = [name for detail in problem.details for name in detail.context.get("propertyName", ())]
    told = problem.details[0].message if problem.details else problem.message
    return refused(step, view, row, names, told)
