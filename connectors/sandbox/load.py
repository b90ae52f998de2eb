"""Fills an org from CSV and Parquet files as a mapping file says; LOADING.md explains the format.

All of it is one transaction: the org holds everything afterwards, or it is as it was before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.declarations import declare
from connectors.sandbox.expressions import evaluate, joined_columns
from connectors.sandbox.mapping import LoadError, Mapping, Step
from connectors.sandbox.org.org import Org, RowError, RowRefused, SchemaError
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.people import complete_user, standard_profile
from connectors.sandbox.price_book import StandardPriceBook
from connectors.sandbox.tables import Folder
from connectors.sandbox.views import Key, View, keys_of, open_view

#: Objects whose records are sold from the standard price book unless the mapping names an entry.
_LINES = ("OrderItem", "OpportunityLineItem")

#: What to do about a value that a CRM does not take.
CORRECT = "Correct the value in the file, or say in the mapping what to make of it (`map`, `default`, `date`)."
_NEXT_STEPS = {
    "DUPLICATE_VALUE": "If the org was filled from these files before, load into a new one; else correct the file.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "Correct the value, or add it to the field's `values` in the mapping.",
    "STRING_TOO_LONG": "Shorten the value, or give the field a greater `length` in the mapping.",
}


@dataclass(frozen=True)
class LoadReport:
    """What a load created.

    Attributes:
        rows: object name -> records, in the order of loading.
    """

    rows: AbstractMapping[str, int]


def load(org: Org, directory: Path, mapping: Mapping) -> LoadReport:
    """Creates the objects, fields, statuses and records that the mapping describes from the files of a folder.

    Raises `LoadError`, which says where something is wrong and what to do; the org is then as it was before.
    """
    folder = Folder(directory)
    folder.check(mapping.files())
    with org.store.writing():
        declare(org, mapping)
        loading = _Loading(org, folder, mapping)
        for number, step in enumerate(mapping.load):
            loading.do(number, step)
    return LoadReport(dict(loading.rows))


@dataclass
class _Loading:
    """One load under way. `loaded` has, per step, the id that each source key became."""

    org: Org
    folder: Folder
    mapping: Mapping
    loaded: dict[str, dict[Key, str]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._profile = standard_profile(self.org)
        self._prices = StandardPriceBook(self.org)

    def do(self, number: int, step: Step) -> None:
        definition = self._definition(number, step)
        view = open_view(self.folder, step, joined_columns)
        own = [name for name, expression in step.fields.items() if expression.lookup == step.title]
        records = self._records(definition, step, view, skip=own)
        try:
            ids = self.org.bulk_load(definition.name, self._completed(definition.name, records))
        except RowRefused as refusal:
            raise _refused(step, view, refusal.row, refusal.error) from None
        self.loaded[step.title] = keys_of(step, view, ids)
        self._refer(definition, step, view, ids, own)
        self.rows[definition.name] += len(ids)
        if step.price is not None:
            self._prices.add(dict(zip(ids, evaluate(step.price, view, self.loaded), strict=True)))
            self.rows["PricebookEntry"] = self._prices.added

    def _definition(self, number: int, step: Step) -> ObjectDef:
        """The object of a step, once all its fields are known to exist."""
        try:
            definition = self.org.object(step.object)
        except SchemaError:
            raise LoadError(
                f"{self.mapping.place('load', number, 'object')}: the org has no object {step.object}.",
                "Correct the name, or declare a custom object under `objects`.",
            ) from None
        for name in step.fields:
            if definition.find(name) is None:
                raise LoadError(
                    f"{self.mapping.place('load', number, 'fields', name)}: {definition.name} has no field {name}.",
                    f"Correct the name, or declare a custom field under `fields`, {definition.name}.",
                )
        return definition

    def _records(self, definition: ObjectDef, step: Step, view: View, skip: Sequence[str]) -> list[dict[str, Any]]:
        """The fields of each record; one without a value is left out, so that the org's default applies."""
        columns = {
            name: _typed(definition, name, evaluate(expression, view, self.loaded))
            for name, expression in step.fields.items()
            if name not in skip
        }
        names = tuple(columns)
        return [
            {name: value for name, value in zip(names, values, strict=True) if value is not None}
            for values in zip(*columns.values(), strict=True)
        ] or [{} for _ in range(len(view))]

    def _completed(self, object_name: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the org needs besides: a user's profile, the price book of an order and the entry of a line."""
        if object_name == "User":
            return [complete_user(record, self._profile) for record in records]
        if object_name == "Order":
            return [{"Pricebook2Id": self._prices.id, **record} for record in records]
        if object_name in _LINES:
            sold = [record["Product2Id"] for record in records if "Product2Id" in record]
            entries = self._prices.entries(sold)
            self.rows["PricebookEntry"] = self._prices.added
            return [
                {"PricebookEntryId": entries[record["Product2Id"]], **record} if "Product2Id" in record else record
                for record in records
            ]
        return records

    def _refer(self, definition: ObjectDef, step: Step, view: View, ids: Sequence[str], names: Sequence[str]) -> None:
        """References among the records of one step, which can only be set once all of them exist."""
        for name in names:
            values = evaluate(step.fields[name], view, self.loaded)
            rows = [row for row, value in enumerate(values) if value is not None]
            changes = [{"Id": ids[row], name: values[row]} for row in rows]
            outcomes = self.org.update(definition.name, changes)
            for row, outcome in zip(rows, outcomes, strict=True):
                if not outcome.success:
                    raise _refused(step, view, row, outcome.errors[0])


def _typed(definition: ObjectDef, name: str, values: list[Any]) -> list[Any]:
    """Days given for an instant mean their first moment (UTC)."""
    found = definition.find(name)
    if found is None or found.type != "datetime":
        return values
    return [
        datetime(value.year, value.month, value.day, tzinfo=UTC)
        if isinstance(value, date) and not isinstance(value, datetime)
        else value
        for value in values
    ]


def _refused(step: Step, view: View, row: int, error: RowError) -> LoadError:
    """A record the org does not take, as a sentence about the file."""
    return refused(step, view, row, error.fields, error.message, _NEXT_STEPS.get(error.status_code, CORRECT))


def refused(step: Step, view: View, row: int, names: Sequence[str], why: str, next_step: str = CORRECT) -> LoadError:
    """A record that a CRM does not take because of these fields, as a sentence about the file."""
    columns = [
        f"column {expression.column}"
        for name in names
        if (expression := step.fields.get(name)) is not None and expression.column
    ]
    where = ", ".join([view.place(row), *columns])
    fields = f" ({', '.join(f'{step.object}.{name}' for name in names)})" if names else ""
    return LoadError(f"{where}: {why.rstrip('.')}{fields}.", next_step)
