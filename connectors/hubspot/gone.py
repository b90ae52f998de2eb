"""Records that are no more: archived ones, and those that a merge has taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.columns import instant
from connectors.hubspot import searching
from connectors.hubspot.client import LIST, Client
from connectors.hubspot.kinds import MODIFIED

#: Ids of the records that were merged into one, with semicolons between.
MERGED = "hs_merged_object_ids"


def since(client: Client, source: str, moment: datetime, *, merges: bool) -> Iterator[str]:
    """Ids of records archived or merged away since. `merges`: the object has records that can be merged.

    HubSpot lists archived records (it keeps them 90 days) by their ids, not by the day, so all of them are read.
    """
    params = {"archived": "true", "limit": str(LIST), "properties": MODIFIED}
    told = set()
    for row in client.all(client.paths.objects(source), params):
        when = row.get("archivedAt") or row.get("updatedAt")
        if when and instant(when) >= moment:
            told.add(str(row["id"]))
            yield str(row["id"])
    if not merges:
        return
    # unverified: a merge moves hs_lastmodifieddate of the record that stays, and is not listed as an archived record.
    filters = [searching.modified("GTE", moment), searching.where(MERGED, "HAS_PROPERTY")]
    for rows, _ in searching.found(client, source, filters, [MERGED]):
        for row in rows:
            losers = str(row["properties"].get(MERGED) or "").split(";")
            yield from (loser for loser in losers if loser and loser != str(row["id"]) and loser not in told)
