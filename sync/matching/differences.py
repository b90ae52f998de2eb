"""Values on which two CRMs differ: who set them, as far as each CRM says, and what is told about them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from connectors.edits import Edit, TellsEdits
from connectors.errors import ConnectorError
from scoring.quality.crms_differ import Difference
from sync import absent, crms, outputs
from sync.alerts import ways
from sync.matching import matches
from sync.matching.agreement import KEYS
from sync.models import AccountState, Connection, Match, PublishedModel, Run
from sync.rows import portions, update

log = logging.getLogger(__name__)
SIDES = ("first", "second")


def ask(run: Run) -> int:
    """Ask the CRMs who set the values of new differences; returns the API calls that this took.

    A CRM that does not answer now is asked by the next run: what a person has to decide is known without it.
    """
    open_ones = matches.confirmed(run.portfolio).exclude(differences={}).select_related("first", "second")
    found = [match for match in open_ones if any("edits" not in each for each in match.differences.values())]
    calls = 0
    for place, connection in enumerate(matches.crms_of(run.portfolio) or ()) if found else ():
        if connection not in absent.crms(run):
            return calls
        crm = crms.open_crm(connection, run)
        if isinstance(crm, TellsEdits):
            try:
                _ask_one(crm, run.model, connection, place, found)
            except ConnectorError as error:
                log.warning("%s did not say who edited what: %s", connection, error)
                return calls + crms.calls_since_last(crm)
        calls += crms.calls_since_last(crm)
    for match in found:
        match.differences = {key: {**each, "edits": each.get("asked", {})} for key, each in match.differences.items()}
    update(found, ["differences"])
    return calls


def _ask_one(
    crm: TellsEdits, published: PublishedModel, connection: Connection, place: int, found: Sequence[Match]
) -> None:
    names = outputs.layout(published, connection).names
    asked = {match.records[place][1]: [names[key] for key in match.differences] for match in found}
    edits = crm.last_edits("account", asked)
    for match in found:
        for key, each in match.differences.items():
            edit = edits.get((match.records[place][1], names[key]))
            if edit is not None:
                each["asked"] = {**each.get("asked", {}), SIDES[place]: _kept(edit)}


def _kept(edit: Edit) -> dict[str, Any]:
    return {
        "who": edit.who,
        "at": edit.at.isoformat() if edit.at else "",
        "ours": edit.ours,
        "of_field": edit.of_field,
    }


def words(edit: Mapping[str, Any] | None) -> str:
    """Who set a value and when, as people read it; "" where the CRM does not say."""
    if not edit:
        return ""
    at = timezone.localtime(datetime.fromisoformat(edit["at"])).strftime("%Y-%m-%d %H:%M") if edit["at"] else ""
    if edit["of_field"]:
        who = "Tierline" if edit["ours"] else edit["who"] or "somebody"
        return f"{who}, {at}".rstrip(", ")
    if edit["ours"]:
        return f"who set it is not kept there; the record was last saved by Tierline, {at}"
    return f"record last saved by {edit['who'] or 'somebody'}, {at}".rstrip(", ")


def of_connection(connection: Connection, accounts: Collection[str] | None) -> dict[str, tuple[Difference, ...]]:
    """What a person has to decide, by the record of this connection that leads; of these accounts, None for all."""
    open_ones = matches.confirmed(connection.portfolio).filter(first=connection).exclude(differences={})
    parts = [open_ones] if accounts is None else [
        open_ones.filter(first_record__in=some) for some in portions(sorted(accounts))
    ]  # fmt: skip
    found = [match for part in parts for match in part.select_related("first", "second")]
    if not found:
        return {}
    states = _states(found)
    people = ways.names(connection.portfolio)
    told = {}
    for match in found:
        here, there = (states.get((each.pk, record)) for each, record in match.records)
        if here and there:
            rows = [_told(match, key, here, there, people) for key in KEYS if _stands(match, key, here, there)]
            told[match.first_record] = tuple(rows)
    return {record: rows for record, rows in told.items() if rows}


def _stands(match: Match, key: str, here: AccountState, there: AccountState) -> bool:
    """Whether both records hold what they differed on; somebody may have mended it since."""
    each = match.differences.get(key)
    held = [state.current.get(key) or None for state in (here, there)]
    return each is not None and held == [each["first"], each["second"]]


def _told(match: Match, key: Any, here: AccountState, there: AccountState, people: Mapping[str, str]) -> Difference:
    each = match.differences[key]
    edits, owner = each.get("edits", {}), people.get(there.owner_record_id, "")
    same = owner == people.get(here.owner_record_id, "")
    return Difference(
        key=key,
        here=each["first"],
        there=each["second"],
        base="" if each["cause"] == "unknown" else each["base"],
        edited_here=words(edits.get("first")),
        edited_there=words(edits.get("second")),
        both_edited=each["cause"] == "both",
        crm_here=match.first.name,
        crm_there=match.second.name,
        record_there=match.second_record,
        owner_there="" if same else owner,
    )


def _states(found: Sequence[Match]) -> dict[tuple[int, str], AccountState]:
    ids = [record for match in found for _, record in match.records]
    rows = [row for some in portions(ids) for row in AccountState.objects.filter(record_id__in=some)]
    return {(row.connection_id, row.record_id): row for row in rows}
