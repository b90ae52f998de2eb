"""Pages to look at the org with a browser: its objects, their records, and one record with all its fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org, QueryError, SchemaError
from connectors.sandbox.org.schema import NUMBER_TYPES, FieldDef, ObjectDef
from connectors.sandbox.page import cell, pager, reply

PAGE_SIZE = 100
_MAX_COLUMNS = 12
_MAX_TEXT = 120
_SYSTEM = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)


def routes(org: Org) -> list[Route]:
    def overview(request: Request) -> Response:
        return reply(org.name, _overview(org))

    def listing(request: Request) -> Response:
        definition = _object(org, request.path_params["object"])
        number = request.query_params.get("page", "1")
        wanted = request.query_params.get("q", "")
        return reply(
            definition.label_plural, _listing(org, definition, int(number) if number.isdecimal() else 1, wanted)
        )

    def record(request: Request) -> Response:
        record_id = ids.normalize(request.path_params["id"])
        definition = next((o for o in org.objects().values() if record_id and o.key_prefix == record_id[:3]), None)
        if record_id is None or definition is None:
            raise HTTPException(404, "There is no such page.")
        return reply(definition.label, _record(org, definition, record_id))

    return [
        Route("/", overview),
        Route("/objects/{object}", listing),
        Route("/lightning/r/{object}/{id}/view", record),
        Route("/{id}", record),
    ]


def _object(org: Org, name: str) -> ObjectDef:
    try:
        return org.object(name)
    except SchemaError:
        raise HTTPException(404, "There is no such object.") from None


def _count(org: Org, definition: ObjectDef, where: str = "") -> int | None:
    try:
        return org.query(f"SELECT COUNT() FROM {definition.name}{where}").total
    except QueryError:  # an object that cannot be queried
        return None


def _overview(org: Org) -> str:
    counted = [(definition, _count(org, definition)) for definition in org.objects().values()]
    rows = "".join(
        f'<tr><td><a href="/objects/{cell(definition.name)}">{cell(definition.label_plural)}</a></td>'
        f'<td>{cell(definition.name)}</td><td class="number">{count:,}</td>'
        f'<td class="number">{sum(field.custom for field in definition.fields.values())}</td></tr>'
        for definition, count in sorted(counted, key=lambda pair: -(pair[1] or 0))
        if count is not None
    )
    sets = "".join(
        f"<tr><td>{cell(value_set.label)}</td><td>{cell(value_set.name)}</td>"
        f"<td>{', '.join(_value(e.label, e.active) for e in value_set.entries)}</td></tr>"
        for value_set in org.value_sets().values()
    )
    lists = f"<h2>Global value sets</h2><table><tr><th>Label</th><th>Name</th><th>Values</th></tr>{sets}</table>"
    return (
        f"<h1>{cell(org.name)} <small>a sandbox CRM on this machine · org {cell(org.org_id)}</small></h1>"
        '<table><tr><th>Object</th><th>API name</th><th class="number">Records</th>'
        f'<th class="number">Custom fields</th></tr>{rows}</table>{lists if sets else ""}'
    )


def _value(label: str, active: bool) -> str:
    return cell(label) if active else f'<span class="null">{cell(label)} (inactive)</span>'


def columns(definition: ObjectDef) -> list[FieldDef]:
    """What a list shows: the name, custom fields, then standard ones as long as there is room."""
    fields = [field for field in definition.fields.values() if field.name not in _SYSTEM]
    named = [field for field in fields if field.name == definition.name_field]
    custom = [field for field in fields if field.custom]
    rest = [field for field in fields if field not in named and not field.custom]
    room = max(_MAX_COLUMNS - len(named) - len(custom), 3)
    return [*named, *custom, *rest[:room]]


def _listing(org: Org, definition: ObjectDef, number: int, wanted: str) -> str:
    shown = columns(definition)
    name_field = definition.name_field
    where = f" WHERE {name_field} LIKE '%{_quoted(wanted)}%'" if wanted and name_field else ""
    total = _count(org, definition, where) or 0
    order = name_field or "Id"
    names = ", ".join(dict.fromkeys(["Id", *(field.name for field in shown)]))
    offset = max(number - 1, 0) * PAGE_SIZE
    records = org.query(
        f"SELECT {names} FROM {definition.name}{where} ORDER BY {order}, Id LIMIT {PAGE_SIZE} OFFSET {offset}"
    ).records
    head = "".join(f'<th title="{cell(field.name)}">{cell(field.label)}</th>' for field in shown)
    body = "".join(_row(shown, record) for record in records)
    table = f'<div class="scroll"><table><tr><th>Id</th>{head}</tr>{body}</table></div>'
    search = (
        f'<form><input type="search" name="q" value="{cell(wanted) if wanted else ""}" '
        f'aria-label="Search by name" placeholder="Search by name"> <button>Search</button></form>'
    )
    return (
        f'<p><a href="/">All objects</a></p><h1>{cell(definition.label_plural)} <small>{total:,} records</small></h1>'
        f"{search if name_field else ''}{table if records else _EMPTY}{pager(total, PAGE_SIZE, number, wanted)}"
    )


_EMPTY = '<p class="empty">No records here.</p>'


def _row(shown: Sequence[FieldDef], record: dict[str, Any]) -> str:
    cells = "".join(_cell(field, record.get(field.name)) for field in shown)
    return f'<tr><td><a href="/{cell(record["Id"])}">{cell(record["Id"])}</a></td>{cells}</tr>'


def _cell(field: FieldDef, value: object) -> str:
    if value is None:
        return f"<td>{cell(None)}</td>"
    if field.type == "reference":
        return f'<td><a href="/{cell(value)}">{cell(value)}</a></td>'
    if field.type in NUMBER_TYPES:
        return f'<td class="number">{cell(value)}</td>'
    text = str(value)
    short = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
    return f"<td>{cell(short)}</td>"


def _record(org: Org, definition: ObjectDef, record_id: str) -> str:
    names = ", ".join(definition.fields)
    found = org.query(
        f"SELECT {names} FROM {definition.name} WHERE Id = '{record_id}'",
        include_deleted=True,
    ).records
    if not found:
        raise HTTPException(404, "There is no such record.")
    record = found[0]
    groups = [
        ("Custom fields", [field for field in definition.fields.values() if field.custom]),
        ("Fields", [f for f in definition.fields.values() if not f.custom and f.name not in _SYSTEM]),
        ("System", [field for field in definition.fields.values() if field.name in _SYSTEM]),
    ]
    tables = "".join(
        f"<h2>{title}</h2><table>{''.join(_line(field, record.get(field.name)) for field in fields)}</table>"
        for title, fields in groups
        if fields
    )
    title = record.get(definition.name_field) or record_id
    deleted = " · in the recycle bin" if record.get("IsDeleted") else ""
    return (
        f'<p><a href="/">All objects</a> › <a href="/objects/{cell(definition.name)}">'
        f"{cell(definition.label_plural)}</a></p>"
        f"<h1>{cell(title)} <small>{cell(definition.label)}{deleted}</small></h1>{tables}"
    )


def _line(field: FieldDef, value: object) -> str:
    shown = f'<a href="/{cell(value)}">{cell(value)}</a>' if field.type == "reference" and value else cell(value)
    return f'<tr><th title="{cell(field.name)}">{cell(field.label)}</th><td>{shown}</td></tr>'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
