"""Short constructors for fields of standard objects, and the system fields that every object has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from connectors.sandbox.org.schema import FieldDef, ObjectDef, OnDelete, entries

SYSTEM_FIELDS = frozenset(
    {
        "Id",
        "IsDeleted",
        "CreatedDate",
        "CreatedById",
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
    }
)
AUDIT_FIELDS = frozenset({"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"})


def text(name: str, label: str, length: int = 255, **more: Any) -> FieldDef:
    return FieldDef(name, label, "string", length=length, **more)


def area(name: str, label: str, length: int = 32000, **more: Any) -> FieldDef:
    return FieldDef(name, label, "textarea", length=length, filterable=length <= 255, **more)


def picklist(name: str, label: str, *values: str, default: str = "", **more: Any) -> FieldDef:
    return FieldDef(name, label, "picklist", length=255, values=entries(*values, default=default), **more)


def number(name: str, label: str, precision: int = 18, scale: int = 0, **more: Any) -> FieldDef:
    return FieldDef(name, label, "double", precision=precision, scale=scale, **more)


def money(name: str, label: str, scale: int = 2, **more: Any) -> FieldDef:
    return FieldDef(name, label, "currency", precision=18, scale=scale, **more)


def percent(name: str, label: str, precision: int = 3, **more: Any) -> FieldDef:
    return FieldDef(name, label, "percent", precision=precision, **more)


def whole(name: str, label: str, precision: int = 8, **more: Any) -> FieldDef:
    return FieldDef(name, label, "int", precision=precision, **more)


def day(name: str, label: str, **more: Any) -> FieldDef:
    return FieldDef(name, label, "date", **more)


def instant(name: str, label: str, **more: Any) -> FieldDef:
    return FieldDef(name, label, "datetime", **more)


def flag(name: str, label: str, default: bool = False, **more: Any) -> FieldDef:
    return FieldDef(name, label, "boolean", default=default, **more)


def email(name: str = "Email", label: str = "Email", **more: Any) -> FieldDef:
    return FieldDef(name, label, "email", length=80, **more)


def phone(name: str, label: str) -> FieldDef:
    return FieldDef(name, label, "phone", length=40)


def url(name: str, label: str) -> FieldDef:
    return FieldDef(name, label, "url", length=255)


def lookup(
    name: str, label: str, *targets: str, children: str = "", on_delete: OnDelete = "clear", **more: Any
) -> FieldDef:
    """A reference; its relationship is the name without "Id". `children` names the way back."""
    relationship = more.pop("relationship_name", name.removesuffix("Id"))
    return FieldDef(
        name, label, "reference", length=18, reference_to=targets, relationship_name=relationship,
        child_relationship=children, on_delete=on_delete, **more,
    )  # fmt: skip


def owner(*targets: str) -> FieldDef:
    return lookup("OwnerId", "Owner ID", *(targets or ("User",)), required=True, default="$user")


def numbered(name: str, label: str, form: str) -> FieldDef:
    """An auto number; `form` is a display format such as "A-{0000}"."""
    return FieldDef(
        name,
        label,
        "string",
        length=30,
        auto_number=form,
        createable=False,
        updateable=False,
        name_field=True,
    )


def read_only(field: FieldDef, *, calculated: bool = True) -> FieldDef:
    return replace(field, createable=False, updateable=False, calculated=calculated)


def address(prefix: str, label: str) -> list[FieldDef]:
    before = f"{label} " if label else ""
    return [
        area(f"{prefix}Street", f"{before}Street", 255),
        text(f"{prefix}City", f"{before}City", 40),
        text(f"{prefix}State", f"{before}State/Province", 80),
        text(f"{prefix}PostalCode", f"{before}Zip/Postal Code", 20),
        text(f"{prefix}Country", f"{before}Country", 80),
    ]


def _system(label: str) -> tuple[FieldDef, list[FieldDef]]:
    def fixed(field: FieldDef) -> FieldDef:
        return replace(field, createable=False, updateable=False)

    def user(name: str, title: str) -> FieldDef:
        return fixed(lookup(name, title, "User"))

    identity = fixed(FieldDef("Id", f"{label} ID", "id", length=18))
    return identity, [
        fixed(flag("IsDeleted", "Deleted")),
        fixed(instant("CreatedDate", "Created Date")),
        user("CreatedById", "Created By ID"),
        fixed(instant("LastModifiedDate", "Last Modified Date")),
        user("LastModifiedById", "Last Modified By ID"),
        fixed(instant("SystemModstamp", "System Modstamp")),
    ]


def with_system_fields(definition: ObjectDef) -> ObjectDef:
    """The object with Id first and the audit fields last, unless it already has them."""
    identity, audit = _system(definition.label)
    fields = {"Id": identity, **definition.fields}
    for field in audit:
        fields.setdefault(field.name, field)
    return replace(definition, fields=fields)


def make(
    name: str, label: str, plural: str, prefix: str, fields: Iterable[FieldDef], *, editable: bool = True
) -> ObjectDef:
    """A standard object. Ones that are not `editable` are set up by the org, not through the API."""
    by_name = {field.name: field for field in fields}
    plain = ObjectDef(name, label, plural, prefix, False, by_name, editable, editable, editable)
    return with_system_fields(plain)
