"""One page of a long list, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

ROWS = 50
T = TypeVar("T", bound=Model)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows `first` to `last` of `total`, counted from 1. `previous` and `following` are query strings, or empty."""

    rows: list[T]
    first: int
    last: int
    total: int
    previous: str
    following: str


def page(request: HttpRequest, rows: QuerySet[T, Any], keys: Sequence[int] | None = None) -> Page[T]:
    """The page the address asks for; the nearest one there is when it asks for another.

    Keys are counted off first, which an index can do alone; only the rows of the page itself are read. `keys`: all of
    them in an order that the database cannot give.
    """
    ordered = rows.select_related(None).values_list("pk", flat=True) if keys is None else keys
    found = Paginator(ordered, ROWS).get_page(request.GET.get("page"))
    keys = list(found.object_list)
    shown = {row.pk: row for row in rows.filter(pk__in=keys).order_by()}
    return Page(
        rows=[shown[key] for key in keys if key in shown],
        first=found.start_index(),
        last=found.end_index(),
        total=found.paginator.count,
        previous=address(request, page=found.previous_page_number()) if found.has_previous() else "",
        following=address(request, page=found.next_page_number()) if found.has_next() else "",
    )


def address(request: HttpRequest, **changes: object) -> str:
    """The query string of this address with other values; an empty value is left out."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"
