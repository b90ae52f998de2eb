"""Records by filters, words and order: at most 10,000 of them per query."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, checked_limit, whole
from connectors.sandbox.hubspot_api.presenting import Shape
from connectors.sandbox.portal.outcomes import VALIDATION, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.search import compile_query

_PAGE, _MOST, _LONGEST = 200, 10_000, 3000


@dataclass(frozen=True)
class Search:
    """Searches in one portal."""

    portal: Portal

    def entries(self) -> list[Entry]:
        return [("POST", r"objects/([\w-]+)/search", "{0}.read", self.search)]

    def search(self, call: Call) -> Reply:
        kind, content = call.kind(), call.content()
        if len(call.body) > _LONGEST:
            raise refused(VALIDATION, f"The request body has more than {_LONGEST} characters.")
        limit = checked_limit(str(content.get("limit") or 10), _PAGE)
        start = whole(str(content.get("after") or "0"), "after")
        if start >= _MOST:
            # unverified: the words in which a page behind the ten thousandth record is refused.
            message = f"The offset {start} is too large: a search delivers at most {_MOST} records."
            raise refused(VALIDATION, message, after=str(start))
        query = compile_query(self.portal, kind, content)
        shape = Shape(self.portal, kind, content.get("properties") or [])
        total = self.portal.records.count(kind, query.all, query.values)
        page = min(limit, _MOST - start)
        records = self.portal.records.select(
            kind, shape.names, f"{query.page} LIMIT ? OFFSET ?", [*query.values, page, start]
        )
        end = start + len(records)
        more = {"paging": {"next": {"after": str(end)}}} if end < total and records else {}
        return Reply({"total": total, "results": [shape.record(each) for each in records], **more})
