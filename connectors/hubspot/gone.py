"""Records that are no more: archived ones, and those that a merge has taken in.

HubSpot lists archived records, which it keeps 90 days, by their ids and not by the day, and has no filter for either. A
page of a hundred is read whole; a longer list only where records are missing, until as many are found. What there is
is counted by one search, and whoever reads says how many it holds: no more than there are means that none has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain

from connectors.columns import instant
from connectors.hubspot import searching
from connectors.hubspot.client import LIST, Client, Json
from connectors.hubspot.kinds import MODIFIED

#: Ids of the records that were merged into one, with semicolons between.
MERGED = "hs_merged_object_ids"
#: Objects with records that can be merged.
_MERGEABLE = frozenset({"companies", "deals", "tickets"})


def since(
    client: Client, sources: Collection[str], moment: datetime, held: Callable[[], int] | None = None
) -> Iterator[str]:
    """Ids of records archived or merged away since. `held`: see `Crm.deleted`."""
    merged = {loser for source in sources if source in _MERGEABLE for loser in _merged(client, source, moment)}
    yield from merged
    lists = [_Archive(client, source) for source in sources]
    for archive in lists:
        yield from (each for each in archive.ids(archive.first, moment) if each not in merged)
    longer = [archive for archive in lists if archive.place]
    if longer and held is not None:
        yield from _missing(client, sources, longer, held)
    else:
        for archive in longer:
            for rows in archive.others():
                yield from archive.ids(rows, moment)


def _missing(
    client: Client, sources: Collection[str], lists: Sequence[_Archive], held: Callable[[], int]
) -> Iterator[str]:
    """Archived records of any day, as long as fewer records are left than are held."""
    there = sum(searching.total(client, each, []) for each in sources)
    if held() <= there:
        return
    for archive in lists:
        for rows in chain([archive.first], archive.others()):
            yield from archive.ids(rows, None)
            if held() <= there:
                return


class _Archive:
    """The list of the archived records of one object: its first page, and the others when they are asked for."""

    def __init__(self, client: Client, source: str) -> None:
        self._client = client
        self._path = client.paths.objects(source)
        self.first, self.place = next(self._pages(""))

    def others(self) -> Iterator[list[Json]]:
        return (rows for rows, _ in self._pages(self.place))

    def _pages(self, after: str) -> Iterator[tuple[list[Json], str]]:
        params = {"archived": "true", "limit": str(LIST), "properties": MODIFIED}
        return self._client.listed(self._path, params, after)

    @staticmethod
    def ids(rows: Sequence[Json], moment: datetime | None) -> Iterator[str]:
        """Those archived since; all of them without a moment."""
        for row in rows:
            when = row.get("archivedAt") or row.get("updatedAt")
            if moment is None or (when and instant(when) >= moment):
                yield str(row["id"])


def _merged(client: Client, source: str, moment: datetime) -> Iterator[str]:
    # unverified: a merge moves hs_lastmodifieddate of the record that stays, and is not listed as an archived record.
    filters = [searching.modified("GTE", moment), searching.where(MERGED, "HAS_PROPERTY")]
    for rows, _ in searching.found(client, source, filters, [MERGED]):
        for row in rows:
            losers = str(row["properties"].get(MERGED) or "").split(";")
            yield from (loser for loser in losers if loser and loser != str(row["id"]))
