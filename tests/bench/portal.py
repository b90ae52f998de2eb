"""What reading a large HubSpot account costs: calls beside the fewest there can be, and the CPU of both sides.

    python -m tests.bench.portal [COMPANIES]

An account with so many companies (100,000 unless said otherwise) and three deals each is read whole; then 5 % of both
change in the morning, and a quarter of the companies in one instant, as by an import, and what changed is read.
"""

from __future__ import annotations

import math
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.base import Crm, Since
from connectors.registry import open_crm
from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.standard import OBJECT_TYPES
from connectors.sandbox.portal.writes import Change

COMPANIES, DEALS = OBJECT_TYPES["companies"], OBJECT_TYPES["deals"]
#: Records of a page of a list, of a page of a search, and of a batch that reads associations.
LIST, SEARCH, LINKS = 100, 200, 1000


@contextmanager
def account(companies: int) -> Iterator[tuple[ServedPortal, list[int], list[int]]]:
    """A served account, filled yesterday; its companies and deals."""
    with tempfile.TemporaryDirectory() as folder, Portal.open(Path(folder)) as portal:
        portal.set_clock(datetime.now(UTC) - timedelta(days=1))
        ids = portal.bulk_load(
            COMPANIES, ({"name": f"Company {n}", "domain": f"c{n}.example"} for n in range(companies))
        )
        deals = portal.bulk_load(DEALS, ({"dealname": f"Deal {n}", "amount": str(n)} for n in range(3 * companies)))
        portal.link(DEALS, COMPANIES, ((each, ids[n % companies]) for n, each in enumerate(deals)), primary=True)
        portal.set_clock(None)
        with serving_portal(portal) as served:
            yield served, ids, deals


def read(crm: Crm, kind: str, since: Since | None) -> set[str]:
    fields = crm.kinds()[kind]
    return {each for batch in crm.pull(kind, fields, since) for each in batch["id"].to_pylist()}


def measured(crm: Crm, kind: str, since: Since | None, wanted: Sequence[int], fewest: int, what: str) -> None:
    calls, cpu, started = crm.api_calls, _cpu(), time.monotonic()
    found = read(crm, kind, since)
    calls, cpu = crm.api_calls - calls, _cpu() - cpu
    missed = len({str(each) for each in wanted} - found)
    print(
        f"  {what:42} {len(found):>8,} records  {calls:>6,} calls ({calls / max(fewest, 1):.2f} x the fewest)"
        f"  {time.monotonic() - started:>6.1f} s  {cpu / max(calls, 1) * 1000:>5.1f} ms CPU a call, both sides"
        f"  missed {missed}"
    )
    assert not missed


def fewest_whole(records: int) -> int:
    """Pages of a list, and batches of associations with companies."""
    return math.ceil(records / LIST) + math.ceil(records / LINKS)


def fewest_changed(records: int) -> int:
    return math.ceil(records / SEARCH) + math.ceil(records / LINKS)


def change(served: ServedPortal, kind: Any, ids: Sequence[int], values: dict[str, str]) -> None:
    """All in one instant, as an import does it."""
    portal = served.portal
    at = portal.now()
    for start in range(0, len(ids), 5000):
        changes = [Change(str(each), values) for each in ids[start : start + 5000]]
        portal.writer.update(kind, changes, at, portal.by_admin)


def main(companies: int) -> None:
    with account(companies) as (served, ids, deals):
        crm = open_crm("hubspot", {"api_url": served.url, "access_token": served.facts["access_token"]})
        print(f"{companies:,} companies, {len(deals):,} deals")
        measured(crm, "account", None, ids, fewest_whole(len(ids)), "companies, whole")
        measured(crm, "opportunity", None, deals, fewest_whole(len(deals)), "deals, whole")
        since = Since(datetime.now(UTC) - timedelta(hours=1))
        change(served, COMPANIES, ids[::20], {"city": "Turku"})
        change(served, DEALS, deals[::20], {"amount": "1"})
        measured(crm, "account", since, ids[::20], fewest_changed(len(ids[::20])), "companies, 5 % changed")
        measured(crm, "opportunity", since, deals[::20], fewest_changed(len(deals[::20])), "deals, 5 % changed")
        change(served, COMPANIES, ids[::4], {"city": "Oulu"})
        both = set(ids[::4]) | set(ids[::20])
        measured(crm, "account", since, sorted(both), fewest_changed(len(both)), "companies, a quarter in one instant")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
