"""Records one by one, and lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply
from connectors.sandbox.hubspot_api.linking import associated, links_of
from connectors.sandbox.hubspot_api.paging import forward
from connectors.sandbox.hubspot_api.presenting import Shape, presented
from connectors.sandbox.portal.outcomes import VALIDATION, Problem, Refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.records import Record
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.writes import Change, missing

_PAGE, _HISTORY_PAGE = 100, 50


@dataclass(frozen=True)
class Objects:
    """Records of one portal."""

    portal: Portal

    def entries(self) -> list[Entry]:
        one = r"objects/([\w-]+)/([^/]+)"
        return [
            ("GET", r"objects/([\w-]+)", "{0}.read", self.page),
            ("POST", r"objects/([\w-]+)", "{0}.write", self.create),
            ("POST", r"objects/([\w-]+)/merge", "{0}.write", self.merge),
            ("POST", r"objects/([\w-]+)/gdpr-delete", "{0}.write", self.erase),
            ("GET", one, "{0}.read", self.get),
            ("PATCH", one, "{0}.write", self.update),
            ("DELETE", one, "{0}.write", self.archive),
        ]

    def page(self, call: Call) -> Reply:
        kind, shape = call.kind(), self._shape(call)
        limit = call.limit(10, _HISTORY_PAGE if shape.history else _PAGE)
        records = self.portal.records.page(
            kind, shape.names, after=call.after(), limit=limit + 1, archived=call.flag("archived")
        )
        page = records[:limit]
        more = forward(call, str(page[-1].id)) if len(records) > limit else {}
        return Reply({"results": self._with_associations(call, kind, shape, page), **more})

    def get(self, call: Call) -> Reply:
        kind, shape = call.kind(), self._shape(call)
        found = self._found(call, kind, shape.names)
        return Reply(self._with_associations(call, kind, shape, [found])[0])

    def create(self, call: Call) -> Reply:
        kind, content = call.kind(), call.content()
        with self.portal.records.writing():
            links = links_of(self.portal, kind, content.get("associations") or [])
            (outcome,) = self.portal.create(kind, [properties_of(content)], source=call.source)
            if not isinstance(outcome, int):
                raise Refused(outcome)
            links.add(self.portal, kind, outcome)
        return Reply(self._shown(kind, outcome, properties_of(content)), 201)

    def update(self, call: Call) -> Reply:
        kind, content = call.kind(), call.content()
        change = Change(call.parts[1], properties_of(content), call.one("idProperty"))
        (outcome,) = self.portal.update(kind, [change], source=call.source)
        if not isinstance(outcome, int):
            raise Refused(outcome)
        return Reply(self._shown(kind, outcome, change.properties))

    def archive(self, call: Call) -> Reply:
        self.portal.archive(call.kind(), [call.parts[1]], source=call.source)
        return Reply(status=204)

    def merge(self, call: Call) -> Reply:
        kind, content = call.kind(), call.content()
        given = [str(content.get(name) or "") for name in ("primaryObjectId", "objectIdToMerge")]
        merged = self.portal.merge(kind, given[0], given[1], source=call.source)
        return Reply(self._shown(kind, merged, ()))

    def erase(self, call: Call) -> Reply:
        """Deletes a record for good, with its history: what the law on privacy may ask for."""
        kind, content = call.kind(), call.content()
        given, prop = str(content.get("objectId") or ""), str(content.get("idProperty") or "")
        self.portal.erase(kind, Change(given, {}, prop), source=call.source)
        return Reply(status=204)

    def _shape(self, call: Call) -> Shape:
        return Shape(self.portal, call.kind(), call.listed("properties"), call.listed("propertiesWithHistory"))

    def _shown(self, kind: ObjectType, record_id: int, names: Any) -> dict[str, Any]:
        shape = Shape(self.portal, kind, list(names))
        return shape.record(self.portal.records.fetch(kind, [record_id], shape.names)[record_id])

    def _found(self, call: Call, kind: ObjectType, names: Sequence[str]) -> Record:
        given, prop = call.parts[1], call.one("idProperty")
        if prop:
            self.portal.writer.require_unique(kind, prop)
            ids = list(self.portal.records.find(kind, prop, [given.lower() if prop == "email" else given]).values())
        else:
            ids = [int(given)] if given.isdecimal() and len(given) < 19 else []
        found = next(iter(self.portal.read(kind, ids, names).values()), None)
        if found is None or bool(found.archived) != call.flag("archived"):
            raise Refused(missing(given))
        return found

    def _with_associations(
        self, call: Call, kind: ObjectType, shape: Shape, records: Sequence[Record]
    ) -> list[dict[str, Any]]:
        rows = presented(self.portal, kind, shape, records)
        if wanted := call.listed("associations"):
            found = associated(self.portal, kind, [each.id for each in records], wanted)
            for row, told in zip(rows, found, strict=True):
                if told:
                    row["associations"] = told
        return rows


def properties_of(content: dict[str, Any]) -> dict[str, Any]:
    """The properties in a body. Raises Refused."""
    given = content.get("properties")
    if not isinstance(given, dict):
        raise Refused(Problem(VALIDATION, "Invalid input JSON: some required fields were not set: [properties]"))
    return given
