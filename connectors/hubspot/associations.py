"""Which record another belongs to, by associations: read for a thousand records at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.hubspot.client import Client, Json, portions
from connectors.hubspot.errors import fault_of, half_reply
from connectors.hubspot.kinds import Link

#: Records one call takes.
READ = 1000
#: Records that have no association are told as errors of the batch; there is nothing wrong with them.
_NONE = ("NO_ASSOCIATIONS_FOUND", "OBJECT_NOT_FOUND")


def targets(client: Client, source: str, link: Link, ids: Sequence[str]) -> dict[str, str]:
    """Record id -> id of the record it belongs to; records without one are absent."""
    found: dict[str, list[Json]] = {}
    for some in portions(ids, READ):
        pending: list[dict[str, str]] = [{"id": record_id} for record_id in some]
        while pending:
            reply = client.post(client.paths.associations(source, link.target), {"inputs": pending})
            _require_known(client, reply)
            pending = []
            for row in client.results(reply):
                record_id = str(row["from"]["id"])
                found.setdefault(record_id, []).extend(row.get("to") or ())
                after = ((row.get("paging") or {}).get("next") or {}).get("after")
                if after:
                    pending.append({"id": record_id, "after": str(after)})
    chosen = {record_id: _choice(ends, link) for record_id, ends in found.items()}
    return {record_id: target for record_id, target in chosen.items() if target}


def _choice(ends: Iterable[Mapping[str, Any]], link: Link) -> str:
    """The end that the link prefers, else the oldest record, which has the lowest id; "" when no end will do."""
    ranked = []
    for end in ends:
        types = {int(each["typeId"]) for each in end.get("associationTypes") or ()}
        preferred = bool(types & link.types)
        if preferred or not link.only:
            ranked.append((not preferred, int(end["toObjectId"])))
    return str(min(ranked)[1]) if ranked else ""


def _require_known(client: Client, reply: Json) -> None:
    """Raises `Unavailable` when an error of the batch says anything but that there is no association."""
    for entry in reply.get("errors") or ():
        fault = fault_of(entry)
        if not any(word in (fault.category, fault.sub_category.rsplit(".", 1)[-1]) for word in _NONE):
            raise half_reply(client.host)
