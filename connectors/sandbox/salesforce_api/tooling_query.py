"""SOQL over the Tooling API's tables. They are small, so they are built as rows and filtered one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.sandbox.org.org import Org, QueryError
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.soql_parser import parse
from connectors.sandbox.org.soql_tree import (
    Both,
    Call,
    Compare,
    Condition,
    Either,
    Expression,
    Member,
    Not,
    Path,
    Query,
    Text,
    Value,
)
from connectors.sandbox.salesforce_api.tooling_records import CustomFields, attributes, row
from connectors.sandbox.salesforce_api.tooling_tables import bundles, record_types, triggers, validation_rules

Row = dict[str, Any]


def query(org: Org, fields: CustomFields, soql: str, version: str) -> dict[str, Any]:
    """The REST reply. Raises QueryError."""
    wanted = parse(soql)
    tables: Mapping[str, Callable[[], Iterable[Row]]] = {
        "customfield": lambda: _custom_fields(fields),
        "entitydefinition": lambda: map(_entity, org.objects().values()),
        "fielddefinition": lambda: _field_definitions(org),
        "validationrule": lambda: validation_rules(org),
        "recordtype": lambda: record_types(org),
        "apextrigger": lambda: triggers(org),
        "lightningcomponentbundle": lambda: bundles(org),
    }
    table = tables.get(wanted.entity.lower())
    if table is None:
        raise QueryError("INVALID_TYPE", f"sObject type '{wanted.entity}' is not supported.")
    rows = [found for found in table() if wanted.where is None or holds(wanted.where, found)]
    for order in reversed(wanted.order_by):
        rows.sort(key=lambda found: str(_value(order.expression, found) or "").lower(), reverse=order.descending)
    rows = rows[wanted.offset :][: wanted.limit]
    if _is_count(wanted):
        return {"size": len(rows), "totalSize": len(rows), "done": True, "queryLocator": None, "records": []}
    if len(rows) > 1 and any(str(item.expression) in ("Metadata", "FullName") for item in wanted.selected):
        raise QueryError(
            "MALFORMED_QUERY",
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more"
            f" than one row for retrieval. Result size: {len(rows)}",
        )
    return _reply([_selected(wanted, found, version) for found in rows], wanted.entity)


def _reply(records: list[Row], entity: str) -> dict[str, Any]:
    return {
        "size": len(records), "totalSize": len(records), "done": True, "queryLocator": None,
        "entityTypeName": entity, "records": records,
    }  # fmt: skip


def _is_count(wanted: Query) -> bool:
    (first, *_) = wanted.selected
    return isinstance(first.expression, Call) and first.expression.argument is None


# --- tables -------------------------------------------------------------------------------------------


def _custom_fields(fields: CustomFields) -> Iterable[Row]:
    for found in fields:
        entity = {"QualifiedApiName": found.definition.name, "DeveloperName": found.definition.name}
        metadata = partial(fields.metadata, found)
        yield {**row(found), "FullName": found.full_name, "Metadata": metadata, "EntityDefinition": entity}


def _entity(definition: ObjectDef) -> Row:
    return {
        "Id": definition.name, "DurableId": definition.name, "QualifiedApiName": definition.name,
        "DeveloperName": definition.name.removesuffix("__c"), "Label": definition.label,
        "MasterLabel": definition.label, "PluralLabel": definition.label_plural,
        "KeyPrefix": definition.key_prefix, "NamespacePrefix": None, "IsCustomizable": True, "IsQueryable": True,
        "IsCustomSetting": False,
    }  # fmt: skip


def _field_definitions(org: Org) -> Iterable[Row]:
    for definition in org.objects().values():
        for field in definition.fields.values():
            yield _field_definition(definition, field)


def _field_definition(definition: ObjectDef, field: FieldDef) -> Row:
    return {
        "Id": f"{definition.name}.{field.name}", "DurableId": f"{definition.name}.{field.name}",
        "QualifiedApiName": field.name, "DeveloperName": field.name.removesuffix("__c"), "Label": field.label,
        "MasterLabel": field.label, "DataType": _data_type(field), "Length": field.length,
        "Precision": field.precision, "Scale": field.scale, "EntityDefinitionId": definition.name,
        "IsNillable": not field.required, "RelationshipName": field.relationship_name or None,
        "NamespacePrefix": None,
        "EntityDefinition": {"QualifiedApiName": definition.name, "DeveloperName": definition.name},
    }  # fmt: skip


def _data_type(field: FieldDef) -> str:
    """The type as people read it, e.g. "Text(80)" or "Number(16, 2)"."""
    words = {"string": f"Text({field.length})", "picklist": "Picklist", "boolean": "Checkbox", "date": "Date"}
    if field.type in ("double", "currency", "percent"):
        name = {"double": "Number", "currency": "Currency", "percent": "Percent"}[field.type]
        return f"{name}({field.precision - field.scale}, {field.scale})"
    if field.type == "reference":
        return f"Lookup({','.join(field.reference_to)})"
    return words.get(field.type, field.type.capitalize())


# --- evaluation -----------------------------------------------------------------------------------------


def _selected(wanted: Query, found: Row, version: str) -> Row:
    record: Row = {"attributes": attributes(wanted.entity, str(found["Id"]), version)}
    for item in wanted.selected:
        if not isinstance(item.expression, Path):
            raise QueryError("MALFORMED_QUERY", "Only fields can be selected here")
        names = item.expression.names
        value = _value(item.expression, found)
        if names[-1].lower() == "metadata":
            value = value()
        target = record
        for name in names[:-1]:
            target = target.setdefault(name, {"attributes": attributes(name, str(found["Id"]), version)})
        target[names[-1]] = value
    return record


def _value(expression: Expression, found: Row) -> Any:
    if isinstance(expression, Call):
        raise QueryError("MALFORMED_QUERY", f"The function {expression.name} is not supported here")
    value: Any = found
    for name in expression.names:
        keys = {key.lower(): key for key in value} if isinstance(value, dict) else {}
        if name.lower() not in keys:
            raise QueryError("INVALID_FIELD", f"No such column '{expression}' on the entity")
        value = value[keys[name.lower()]]
    return value


def holds(condition: Condition, found: Row) -> bool:
    """Whether a row fulfils the condition. Raises QueryError for what only real records can be asked."""
    match condition:
        case Both(parts):
            return all(holds(part, found) for part in parts)
        case Either(parts):
            return any(holds(part, found) for part in parts)
        case Not(part):
            return not holds(part, found)
        case Member(left, operator, right):
            if isinstance(right, Query):
                raise QueryError("MALFORMED_QUERY", "A semi-join is not supported here")
            inside = _folded(_value(left, found)) in [_folded(_literal(value)) for value in right]
            return inside is not operator.upper().startswith("NOT")
        case Compare(left, operator, right):
            return _compares(_value(left, found), operator.upper(), right)


def _compares(value: Any, operator: str, right: Value) -> bool:
    if operator == "LIKE" and isinstance(right, Text):
        pattern = re.escape(right.value).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, str(value or ""), re.IGNORECASE) is not None
    same = bool(_folded(value) == _folded(_literal(right)))
    if operator in ("=", "!=", "<>"):
        return same is (operator == "=")
    raise QueryError("MALFORMED_QUERY", f"The operator {operator} is not supported here")


def _literal(value: Value) -> object:
    if isinstance(value, Text):
        return value.value
    if isinstance(value, Decimal):
        return int(value)
    return value


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
