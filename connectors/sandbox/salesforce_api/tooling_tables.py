"""Validation rules, record types and triggers as the Tooling API's records. `Metadata` is made only when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.record_types import RECORD_TYPE, RecordType
from connectors.sandbox.org.rules import RULE
from connectors.sandbox.salesforce_api.metadata_bundles import BUNDLE
from connectors.sandbox.salesforce_api.metadata_record_types import to_node as record_type_node
from connectors.sandbox.salesforce_api.metadata_rules import to_node as rule_node
from connectors.sandbox.salesforce_api.tooling_records import to_json
from connectors.sandbox.salesforce_api.xmltree import Node

Row = dict[str, Any]


def validation_rules(org: Org) -> Iterable[Row]:
    numbers = org.components.numbers(RULE)
    for name, rule in org.rules.all().items():
        yield {
            "Id": ids.make("03d", numbers[name]),
            "ValidationName": rule.name,
            "FullName": name,
            "Active": rule.active,
            "Description": rule.description or None,
            "ErrorDisplayField": rule.field or None,
            "ErrorMessage": rule.message,
            "EntityDefinitionId": rule.object,
            "EntityDefinition": _entity(rule.object),
            "ManageableState": "unmanaged",
            "NamespacePrefix": None,
            "Metadata": partial(_json, rule_node(rule, name)),
        }


def record_types(org: Org) -> Iterable[Row]:
    rows = org.query("SELECT Id, Name, DeveloperName, SobjectType, Description, IsActive FROM RecordType").records
    known = {name.lower(): RecordType(**body) for name, body in org.components.all(RECORD_TYPE).items()}
    for row in rows:
        full_name = f"{row['SobjectType']}.{row['DeveloperName']}"
        plain = RecordType(row["SobjectType"], row["DeveloperName"], row["Name"], bool(row["IsActive"]))
        yield {
            **{name: value for name, value in row.items() if name != "attributes"},
            "FullName": full_name,
            "EntityDefinitionId": row["SobjectType"],
            "EntityDefinition": _entity(row["SobjectType"]),
            "ManageableState": "unmanaged",
            "NamespacePrefix": None,
            "Metadata": partial(_json, record_type_node(known.get(full_name.lower(), plain), full_name)),
        }


def triggers(org: Org) -> Iterable[Row]:
    names = ", ".join(org.object("ApexTrigger").fields)
    for row in org.query(f"SELECT {names} FROM ApexTrigger").records:
        yield {name: value for name, value in row.items() if name != "attributes"}


def bundles(org: Org) -> Iterable[Row]:
    numbers = org.components.numbers(BUNDLE)
    for name, body in org.components.all(BUNDLE).items():
        yield {
            "Id": ids.make("0Rb", numbers[name]),
            "DeveloperName": name,
            "MasterLabel": body["label"] or name,
            "Description": body["description"] or None,
            "IsExposed": body["exposed"],
            "ManageableState": "unmanaged",
            "NamespacePrefix": None,
        }


def _entity(name: str) -> dict[str, str]:
    return {"QualifiedApiName": name, "DeveloperName": name.removesuffix("__c")}


def _json(node: Node) -> Any:
    return to_json(replace(node, children=tuple(child for child in node.children if child.name != "fullName")))
