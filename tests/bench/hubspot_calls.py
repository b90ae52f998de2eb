"""API calls of reading a HubSpot account: everything, then what changed, beside what the API makes needful.

    python -m tests.bench.hubspot_calls [COMPANIES [DEALS]]

The account is one of the sandbox. Needful are: 100 records of a list in a call, the associations of 1,000 records, 200
found records of a search; of deletions a page, what was merged and a count. What is read is checked too: 25,000
companies (or all, if there are fewer) that were changed at one instant are found, each once.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from connectors.base import Since
from connectors.hubspot import Client, Credentials, Hubspot
from connectors.sandbox.background import serving_portal
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.writes import Change

START = datetime(2026, 1, 1, tzinfo=UTC)
SHARED = 25_000


def fill(portal: Portal, companies: int, deals: int) -> tuple[list[int], list[int]]:
    """Ids of the companies and deals."""
    kinds = portal.kinds()
    firms = portal.bulk_load(kinds["companies"], ({"name": f"Company {each}"} for each in range(companies)))
    sales = portal.bulk_load(kinds["deals"], (_deal(each) for each in range(deals)))
    pairs = ((deal, firms[place % companies]) for place, deal in enumerate(sales))
    portal.link(kinds["deals"], kinds["companies"], pairs, primary=True)
    return firms, sales


def _deal(number: int) -> dict[str, Any]:
    return {"dealname": f"Deal {number}", "amount": str(number), "pipeline": "default", "dealstage": "closedwon"}


def whole(crm: Hubspot, kind: str) -> Iterator[str]:
    """Ids of everything of a kind, page by page."""
    fields = dict(crm.kinds()[kind])
    read, place, begun = crm.start_bulk_read(kind, fields), "", False
    while place or not begun:
        page = crm.bulk_page(read, kind, fields, place)
        yield from page.rows.column("id").to_pylist()
        place, begun = page.next_place, True


def changed(crm: Hubspot, kind: str, since: datetime) -> Iterator[str]:
    for batch in crm.pull(kind, dict(crm.kinds()[kind]), Since(since)):
        yield from batch.column("id").to_pylist()


def touch(portal: Portal, name: str, ids: list[int], at: datetime) -> None:
    """Change these records at one instant."""
    portal.set_clock(at)
    for place in range(0, len(ids), 5000):
        edits = [Change(str(each), {"description": f"at {at}"}) for each in ids[place : place + 5000]]
        portal.update(portal.kinds()[name], edits)


def main(companies: int, deals: int) -> None:
    sizes = {"account": companies, "opportunity": deals}
    names = {"account": "companies", "opportunity": "deals"}
    with tempfile.TemporaryDirectory() as home, Portal.open(Path(home)) as portal:
        portal.set_clock(START)
        ids = dict(zip(sizes, fill(portal, companies, deals), strict=True))
        with serving_portal(portal) as served:
            crm = Hubspot(Client(Credentials(api_url=served.url, access_token=served.facts["access_token"])))
            crm.kinds()
            for kind, size in sizes.items():
                measure(crm, f"all {names[kind]}", whole(crm, kind), size, ceil(size / 100) + ceil(size / 1000))
            for number, (kind, size) in enumerate(sizes.items(), 1):
                moment = START + timedelta(hours=number)
                few = ids[kind][: size // 20]
                touch(portal, names[kind], few, moment)
                needful = ceil(len(few) / 200) + ceil(len(few) / 1000)
                measure(crm, f"5 % of the {names[kind]}", changed(crm, kind, moment), len(few), needful)
            moment = START + timedelta(days=1)
            many = ids["account"][:SHARED]
            touch(portal, "companies", many, moment)
            needful = ceil(len(many) / 200) + ceil(len(many) / 1000)
            label = f"{len(many):,} companies changed at one instant"
            measure(crm, label, changed(crm, "account", moment), len(many), needful)
            archive(portal, crm, ids["account"])


def archive(portal: Portal, crm: Hubspot, ids: list[int]) -> None:
    """A tenth of the companies goes. Whoever knows of it pays a page and two searches afterwards, however many went."""
    moment = START + timedelta(days=2)
    portal.set_clock(moment)
    old = [str(each) for each in ids[: len(ids) // 10]]
    portal.archive(portal.kinds()["companies"], old)
    pages = ceil(len(old) / 100)
    measure(crm, f"{len(old):,} companies archived", crm.deleted("account", moment), len(old), pages + 1)
    left = len(ids) - len(old)
    later = moment + timedelta(days=1)
    measure(crm, "nothing archived since", crm.deleted("account", later, lambda: left), 0, 3)


def measure(crm: Hubspot, label: str, read: Iterator[str], expected: int, needful: int) -> None:
    before, begun = crm.api_calls, time.monotonic()
    ids = list(read)
    calls, seconds = crm.api_calls - before, time.monotonic() - begun
    assert len(ids) == len(set(ids)) == expected, f"{label}: {len(ids):,} read, {len(set(ids)):,} different"
    sys.stdout.write(f"{label:45} {calls:7,} calls, {calls / needful:5.2f} x needful {needful:6,}  {seconds:6.1f} s\n")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*(given + [100_000, 300_000][len(given) :]))
