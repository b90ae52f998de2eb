"""Pages to look at a portal with a browser: its objects, their records, and one record with all that is about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from connectors.sandbox.page import HEADERS, cell, page
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.records import Record, shown
from connectors.sandbox.portal.schema import ObjectType, Property
from connectors.sandbox.portal.search import compile_query
from connectors.sandbox.portal.standard import OBJECT_TYPES, object_type

PAGE_SIZE = 100
_MAX_COLUMNS = 12
_MAX_TEXT = 120
_ASSOCIATED = 20


def routes(portal: Portal) -> list[Route]:
    def overview(request: Request) -> Response:
        return _html(portal.name, _overview(portal))

    def listing(request: Request) -> Response:
        kind = _kind(request.path_params["type"])
        number = request.query_params.get("page", "1")
        wanted = request.query_params.get("q", "")
        start = int(number) if number.isdecimal() else 1
        return _html(kind.label_plural, _listing(portal, kind, max(start, 1), wanted))

    def record(request: Request) -> Response:
        kind = _kind(request.path_params["type"])
        return _html(kind.label, _record(portal, kind, request.path_params["id"]))

    return [
        Route("/", overview),
        Route("/contacts/{portal}/objects/{type}/views/all/list", listing),
        Route("/contacts/{portal}/record/{type}/{id:int}", record),
    ]


def _html(title: str, body: str) -> Response:
    return HTMLResponse(page(title, body), headers=HEADERS)


def _kind(word: str) -> ObjectType:
    found = object_type(word)
    if found is None:
        raise HTTPException(404, "There is no such object.")
    return found


def _list_path(portal: Portal, kind: ObjectType) -> str:
    return f"/contacts/{portal.portal_id}/objects/{kind.type_id}/views/all/list"


def record_path(portal: Portal, kind: ObjectType, record_id: int) -> str:
    """Where HubSpot shows a record, below its own address."""
    return f"/contacts/{portal.portal_id}/record/{kind.type_id}/{record_id}"


def _overview(portal: Portal) -> str:
    counted = [(kind, portal.records.count(kind)) for kind in OBJECT_TYPES.values()]
    rows = "".join(
        f'<tr><td><a href="{_list_path(portal, kind)}">{cell(kind.label_plural)}</a></td><td>{cell(kind.name)}</td>'
        f'<td>{cell(kind.type_id)}</td><td class="number">{count:,}</td>'
        f'<td class="number">{sum(not each.hubspot for each in _live(portal, kind))}</td></tr>'
        for kind, count in sorted(counted, key=lambda pair: -pair[1])
    )
    people = "".join(
        f"<tr><td>{cell(each.name)}</td><td>{cell(each.email)}</td><td>{each.id}</td>"
        f"<td>{'deactivated' if each.archived else 'active'}</td></tr>"
        for each in [*portal.owners.all(), *portal.owners.all(archived=True)]
    )
    return (
        f"<h1>{cell(portal.name)} <small>a sandbox CRM on this machine · account {portal.portal_id}</small></h1>"
        '<div class="scroll"><table><tr><th>Object</th><th>Name</th><th>Type</th><th class="number">Records</th>'
        f'<th class="number">Own properties</th></tr>{rows}</table></div>'
        "<h2>Owners</h2>"
        f'<div class="scroll"><table><tr><th>Name</th><th>E-mail</th><th>Id</th><th></th></tr>{people}</table></div>'
    )


def _live(portal: Portal, kind: ObjectType) -> list[Property]:
    return [each for each in portal.definitions.properties(kind).values() if not each.archived]


def _columns(portal: Portal, kind: ObjectType) -> list[Property]:
    """What a list shows: the title, own properties, then others as long as there is room."""
    live = _live(portal, kind)
    title = [each for each in live if each.name == kind.title]
    own = [each for each in live if not each.hubspot]
    rest = [each for each in live if each not in title and each not in own and not each.name.startswith("hs_object")]
    return [*title, *own, *rest[: max(_MAX_COLUMNS - len(title) - len(own), 3)]]


def _listing(portal: Portal, kind: ObjectType, number: int, wanted: str) -> str:
    columns = _columns(portal, kind)
    query = compile_query(portal, kind, {"query": wanted, "sorts": [kind.title]})
    total = portal.records.count(kind, query.all, query.values)
    names = [each.name for each in columns]
    limits = [PAGE_SIZE, (number - 1) * PAGE_SIZE]
    records = portal.records.select(kind, names, f"{query.page} LIMIT ? OFFSET ?", [*query.values, *limits])
    head = "".join(f'<th title="{cell(each.name)}">{cell(each.label)}</th>' for each in columns)
    body = "".join(_row(portal, kind, columns, record) for record in records)
    table = f'<div class="scroll"><table><tr><th>Id</th>{head}</tr>{body}</table></div>'
    search = (
        f'<form><input type="search" name="q" value="{cell(wanted) if wanted else ""}" aria-label="Search" '
        f'placeholder="Search {cell(kind.label_plural.lower())}"> <button>Search</button></form>'
    )
    return (
        f'<p><a href="/">All objects</a></p><h1>{cell(kind.label_plural)} <small>{total:,} records</small></h1>'
        f"{search}{table if records else _EMPTY}{_pager(total, number, wanted)}"
    )


_EMPTY = '<p class="empty">No records here.</p>'


def _row(portal: Portal, kind: ObjectType, columns: Sequence[Property], record: Record) -> str:
    cells = "".join(_cell(each, record.values[each.name]) for each in columns)
    return f'<tr><td><a href="{record_path(portal, kind, record.id)}">{record.id}</a></td>{cells}</tr>'


def _cell(prop: Property, stored: Any) -> str:
    text = shown(prop, stored)
    if text is None:
        return f"<td>{cell(None)}</td>"
    short = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
    return (
        f'<td class="number">{cell(short)}</td>' if prop.type == "number" else f"<td>{cell(_label(prop, short))}</td>"
    )


def _label(prop: Property, value: str) -> str:
    return next((option.label for option in prop.options if option.value == value), value)


def _pager(total: int, number: int, wanted: str) -> str:
    pages = -(-total // PAGE_SIZE)
    links = [
        f'<a href="?{cell(urlencode({"page": target, "q": wanted}))}">{label}</a>'
        for target, label in ((number - 1, "Previous"), (number + 1, "Next"))
        if 1 <= target <= pages
    ]
    return f'<p class="muted">Page {number} of {pages} {" · ".join(links)}</p>' if pages > 1 else ""


def _record(portal: Portal, kind: ObjectType, record_id: int) -> str:
    live = _live(portal, kind)
    found = portal.read(kind, [record_id], [each.name for each in live]).get(record_id)
    if found is None:
        raise HTTPException(404, "There is no such record.")
    history = portal.history.of(kind, {found.id: found.values}, [each.name for each in live])[found.id]
    groups: dict[str, list[str]] = {}
    for each in live:
        label = portal.definitions.groups(kind)[each.group].label
        groups.setdefault(label, []).append(_line(each, found, history[each.name]))
    tables = "".join(
        f'<h2>{cell(label)}</h2><div class="scroll"><table><tr><th>Property</th><th>Value</th><th>Before</th></tr>'
        f"{''.join(lines)}</table></div>"
        for label, lines in groups.items()
    )
    title = found.values.get(kind.title) or str(found.id)
    state = " · archived" if found.archived else ""
    merged = f" · was {record_id} before a merge" if found.id != record_id else ""
    return (
        f'<p><a href="/">All objects</a> › <a href="{_list_path(portal, kind)}">{cell(kind.label_plural)}</a></p>'
        f"<h1>{cell(title)} <small>{cell(kind.label)} {found.id}{state}{merged}</small></h1>"
        f"{_associations(portal, kind, found.id)}{tables}"
    )


def _line(prop: Property, record: Record, history: Sequence[Any]) -> str:
    text = shown(prop, record.values[prop.name])
    value = cell(None if text is None else _label(prop, text))
    earlier = "; ".join(
        f"{shown(prop, each.value) or '–'} ({each.source.kind}, {to_text(each.at)[:16].replace('T', ' ')})"
        for each in history[:4]
    )
    name = f'<th title="{cell(prop.name)}">{cell(prop.label)}</th>'
    return f'<tr>{name}<td>{value}</td><td class="muted">{cell(earlier)}</td></tr>'


def _associations(portal: Portal, kind: ObjectType, record_id: int) -> str:
    rows = []
    for target in OBJECT_TYPES.values():
        if not portal.associations.types.between(kind, target):
            continue
        others = portal.associations.of(kind, target, [record_id]).get(record_id, {})
        titles = portal.records.fetch(target, list(others)[:_ASSOCIATED], [target.title])
        links = ", ".join(
            f'<a href="{record_path(portal, target, each)}">{cell(titles[each].values[target.title] or each)}</a>'
            + "".join(f" ({cell(chosen.label)})" for chosen in others[each] if chosen.label)
            for each in list(others)[:_ASSOCIATED]
        )
        more = f" and {len(others) - _ASSOCIATED:,} more" if len(others) > _ASSOCIATED else ""
        if others:
            rows.append(f"<tr><th>{cell(target.label_plural)}</th><td>{links}{more}</td></tr>")
    return f"<h2>Associations</h2><table>{''.join(rows)}</table>" if rows else ""
