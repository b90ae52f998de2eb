"""Pages to look at a portal with a browser: its objects, their records, and one record with all that is about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.page import cell, pager, reply
from connectors.sandbox.portal.history import Entry
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.records import Record, shown
from connectors.sandbox.portal.schema import ObjectType, Property
from connectors.sandbox.portal.search import compile_query
from connectors.sandbox.portal.standard import OBJECT_TYPES, object_type

PAGE_SIZE = 100
_MAX_COLUMNS = 12
_MAX_TEXT = 120
_SYSTEM = frozenset({"hs_object_id", "hs_object_source", "hs_object_source_id"})
_ASSOCIATED = 20


def routes(portal: Portal) -> list[Route]:
    def overview(request: Request) -> Response:
        return reply(portal.name, _overview(portal))

    def listing(request: Request) -> Response:
        kind = _kind(request.path_params["type"])
        number = request.query_params.get("page", "1")
        wanted = request.query_params.get("q", "")
        start = int(number) if number.isdecimal() else 1
        return reply(kind.label_plural, _listing(portal, kind, max(start, 1), wanted))

    def record(request: Request) -> Response:
        kind = _kind(request.path_params["type"])
        return reply(kind.label, _record(portal, kind, request.path_params["id"]))

    return [
        Route("/", overview),
        Route("/contacts/{portal}/objects/{type}/views/all/list", listing),
        Route("/contacts/{portal}/record/{type}/{id:int}", record),
    ]


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


def _columns(portal: Portal, kind: ObjectType, records: Sequence[Record]) -> list[Property]:
    """What a list shows: the title, own properties, then others that have a value here, as long as there is room."""
    live = _live(portal, kind)
    title = [each for each in live if each.name == kind.title]
    own = [each for each in live if not each.hubspot]
    rest = [
        each
        for each in live
        if each not in title
        and each not in own
        and each.name not in _SYSTEM
        and any(record.values[each.name] is not None for record in records)
    ]
    return [*title, *own, *rest[: max(_MAX_COLUMNS - len(title) - len(own), 3)]]


def _listing(portal: Portal, kind: ObjectType, number: int, wanted: str) -> str:
    query = compile_query(portal, kind, {"query": wanted, "sorts": [kind.title]})
    total = portal.records.count(kind, query.all, query.values)
    names = [each.name for each in _live(portal, kind)]
    limits = [PAGE_SIZE, (number - 1) * PAGE_SIZE]
    records = portal.records.select(kind, names, f"{query.page} LIMIT ? OFFSET ?", [*query.values, *limits])
    columns, labels = _columns(portal, kind, records), _Labels(portal, kind)
    head = "".join(
        f'<th title="{cell(each.name)}"{_NUMBER if each.type == "number" else ""}>{cell(each.label)}</th>'
        for each in columns
    )
    body = "".join(
        f'<tr><td><a href="{record_path(portal, kind, record.id)}">{record.id}</a></td>'
        f"{''.join(_cell(labels, each, record.values[each.name]) for each in columns)}</tr>"
        for record in records
    )
    table = f'<div class="scroll"><table><tr><th>Id</th>{head}</tr>{body}</table></div>'
    search = (
        f'<form><p><input type="search" name="q" value="{cell(wanted) if wanted else ""}" aria-label="Search" '
        f'placeholder="Search {cell(kind.label_plural.lower())}"> <button>Search</button></p></form>'
    )
    return (
        f'<p><a href="/">All objects</a></p><h1>{cell(kind.label_plural)} <small>{total:,} records</small></h1>'
        f"{search}{table if records else _EMPTY}{pager(total, PAGE_SIZE, number, wanted)}"
    )


_EMPTY = '<p class="empty">No records here.</p>'
_NUMBER = ' class="number"'


class _Labels:
    """What people read for values that are keys: labels of options, names of owners, pipelines and stages."""

    def __init__(self, portal: Portal, kind: ObjectType) -> None:
        pipelines = portal.definitions.pipelines(kind).values()
        people = [*portal.owners.all(), *portal.owners.all(archived=True)]
        self._elsewhere = {
            "hubspot_owner_id": {str(each.id): each.name for each in people},
            kind.pipeline: {each.id: each.label for each in pipelines},
            kind.stage: {stage.id: stage.label for each in pipelines for stage in each.stages},
        }

    def of(self, prop: Property, stored: Any) -> str | None:
        text = shown(prop, stored)
        if text is None:
            return None
        known = self._elsewhere.get(prop.name) or {each.value: each.label for each in prop.options}
        return "; ".join(known.get(part, part) for part in text.split(";")) if known else text


def _cell(labels: _Labels, prop: Property, stored: Any) -> str:
    text = labels.of(prop, stored)
    short = text if text is None or len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
    return f"<td{_NUMBER if prop.type == 'number' else ''}>{cell(short)}</td>"


def _record(portal: Portal, kind: ObjectType, record_id: int) -> str:
    live = _live(portal, kind)
    found = portal.read(kind, [record_id], [each.name for each in live]).get(record_id)
    if found is None:
        raise HTTPException(404, "There is no such record.")
    history = portal.history.of(kind, {found.id: found.values}, [each.name for each in live])[found.id]
    labels = _Labels(portal, kind)
    tables = ""
    for group in portal.definitions.groups(kind).values():
        mine = [each for each in live if each.group == group.name]
        filled = [each for each in mine if found.values[each.name] is not None or history[each.name]]
        lines = "".join(_line(labels, each, found.values[each.name], history[each.name]) for each in filled)
        empty = ", ".join(cell(each.label) for each in mine if each not in filled)
        tables += (
            f'<h2>{cell(group.label)}</h2><div class="scroll"><table><tr><th>Property</th><th>Value</th>'
            f"<th>Set by</th><th>Before</th></tr>{lines}</table></div>"
            + (f'<p class="muted">Empty: {empty}</p>' if empty else "")
        )
    title = found.values.get(kind.title) or str(found.id)
    state = " · archived" if found.archived else ""
    merged = f" · was {record_id} before a merge" if found.id != record_id else ""
    return (
        f'<p><a href="/">All objects</a> › <a href="{_list_path(portal, kind)}">{cell(kind.label_plural)}</a></p>'
        f"<h1>{cell(title)} <small>{cell(kind.label)} {found.id}{state}{merged}</small></h1>"
        f"{_associations(portal, kind, found.id)}{tables}"
    )


def _line(labels: _Labels, prop: Property, stored: Any, history: Sequence[Entry]) -> str:
    name = f'<th title="{cell(prop.name)}">{cell(prop.label)}</th>'
    earlier = ", ".join(f"{labels.of(prop, each.value) or '–'} ({_origin(each)})" for each in history[1:5])
    return (
        f"<tr>{name}<td>{cell(labels.of(prop, stored))}</td>"
        f'<td class="muted">{cell(_origin(history[0]) if history else None)}</td>'
        f'<td class="muted">{cell(earlier)}</td></tr>'
    )


def _origin(entry: Entry) -> str:
    """Who set a value and when, in few words."""
    who = {"CRM_UI": "a person", "INTEGRATION": f"app {entry.source.id}", "IMPORT": "import"}
    return f"{who.get(entry.source.kind, entry.source.kind.lower())}, {to_text(entry.at)[:16].replace('T', ' ')}"


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
