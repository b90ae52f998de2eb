"""Names and modes of components, whatever their type."""

from __future__ import annotations

import re

from connectors.sandbox.org.components import Body
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.salesforce_api.catalog import (
    Catalog,
    MetadataError,
    Mode,
    find_component,
    find_object,
)
from connectors.sandbox.salesforce_api.xmltree import Node

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)\Z")


def check_name(name: str, longest: int) -> None:
    if not _NAME.match(name) or len(name) > longest:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"The name {name!r} must begin with a letter, use only letters, digits and single underscores, not end"
            f" with one, and have at most {longest} characters",
            ("fullName",),
        )


def check_mode(mode: Mode, kind: str, full_name: str, *, exists: bool) -> None:
    if mode == "create" and exists:
        raise MetadataError("DUPLICATE_DEVELOPER_NAME", f"The name {full_name} is already in use", ("fullName",))
    if mode == "update" and not exists:
        raise _unknown(kind, full_name)


def of_object(
    catalog: Catalog, kind: str, node: Node, mode: Mode, *, longest: int
) -> tuple[ObjectDef, str, tuple[str, Body] | None]:
    """The object that a component to be saved belongs to, its name there, and what is saved of it already."""
    full_name = node.get("fullName")
    object_name, _, name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    if definition is None:
        raise _unknown("CustomObject", object_name)
    check_name(name, longest)
    existing = find_component(catalog, kind, full_name)
    check_mode(mode, kind, full_name, exists=existing is not None)
    return definition, name, existing


def saved(catalog: Catalog, kind: str, full_name: str) -> tuple[str, Body]:
    """The name and body of a component as they were saved. Raises MetadataError where there is none."""
    found = find_component(catalog, kind, full_name)
    if found is None:
        raise _unknown(kind, full_name)
    return found


def _unknown(kind: str, name: str) -> MetadataError:
    return MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no {kind} named {name} found")
