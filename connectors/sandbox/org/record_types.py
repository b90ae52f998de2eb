"""Record types: which values of a picklist the records of a type may have.

They come from the org's own set-up (the Metadata API) and from its setting `record_type_values`; what the setting
says about a record type and a field goes before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from connectors.sandbox.org import values
from connectors.sandbox.org.components import Body, Components
from connectors.sandbox.org.derived import Draft
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.org.standard_fields import lookup

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

RECORD_TYPE = "RecordType"


# unverified: a picklist that a record type does not name keeps all its values for the records of that type.
@dataclass(frozen=True)
class RecordType:
    """One record type.

    Attributes:
        picklists: field -> value -> whether it is the default. A picklist that is not named keeps all its values.
    """

    object: str
    name: str
    label: str
    active: bool = True
    description: str = ""
    picklists: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.object}.{self.name}"


def body_of(record_type: RecordType) -> Body:
    return asdict(record_type)


def store_row(org: Org, record_type: RecordType) -> None:
    """Makes the record of the type follow; its object gets the field RecordTypeId if it lacks it."""
    definition = org.object(record_type.object)
    if definition.find("RecordTypeId") is None:
        org.save_field(definition.name, lookup("RecordTypeId", "Record Type ID", "RecordType"))
    row = {
        "Name": record_type.label, "DeveloperName": record_type.name, "SobjectType": definition.name,
        "Description": record_type.description or None, "IsActive": record_type.active,
    }  # fmt: skip
    known = _row_ids(org.store, org.object(RECORD_TYPE)).get(record_type.full_name.lower())
    if known:
        del row["SobjectType"]
        org.update(RECORD_TYPE, [{"Id": known, **row}], all_or_none=True)
    else:
        org.insert(RECORD_TYPE, [row], all_or_none=True)


def delete_row(org: Org, full_name: str) -> None:
    known = _row_ids(org.store, org.object(RECORD_TYPE)).get(full_name.lower())
    if known:
        org.delete(RECORD_TYPE, [known], all_or_none=True)


def _row_ids(store: Store, definition: ObjectDef) -> dict[str, str]:
    """Ids of the records by full name in lower case."""
    return {
        f"{row['SobjectType']}.{row['DeveloperName']}".lower(): str(row["Id"]) for row in store.all_rows(definition)
    }


@dataclass(frozen=True)
class Allowed:
    """What record types allow: record type id -> field -> values."""

    values: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, definition: ObjectDef) -> Allowed:
        """`definition` is that of RecordType."""
        known = Components(store).all(RECORD_TYPE)
        found: dict[str, dict[str, list[str]]] = {}
        if known:
            ids = _row_ids(store, definition)
            for name, body in known.items():
                lists = {item: list(allowed) for item, allowed in body["picklists"].items()}
                found[ids.get(name.lower(), "")] = lists
        for record_id, lists in (store.setting("record_type_values") or {}).items():
            found[record_id] = {**found.get(record_id, {}), **lists}
        return cls(found)

    def check(self, definition: ObjectDef, draft: Draft) -> None:
        """Raises `Refused` for a value that the record's type does not allow."""
        limits = self.values.get(draft.row.get("RecordTypeId") or "", {})
        for name, allowed in limits.items():
            value = draft.row.get(name)
            if value is None or name not in draft.given:
                continue
            item = definition.fields[name]
            for part in str(value).split(";") if item.type == "multipicklist" else (value,):
                if part not in allowed:
                    raise values.bad_picklist_value(item, part)
