"""Last step of an answer: what was found about these accounts is looked at again at once, and closes or opens.

Only findings on values that people choose, and those of the company's own rules, can be different now. What needs all
accounts, such as duplicates, is left to the next run.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from scoring import quality
from scoring.model.fields import MAIN_FAMILY
from scoring.quality import Checked
from scoring.quality import Finding as Found
from sync import lease, mirror, outputs
from sync.alerts import lifecycle, ways
from sync.alerts.grouping import group
from sync.alerts.routing import Ways
from sync.fixing import choices, planning
from sync.models import AccountState, Change, Confirmation, Connection, Finding, Run
from sync.quality import own_rules, records
from sync.rows import portions
from sync.scores import latest


def advance(run: Run, token: str) -> bool:
    """Check the accounts that the answer reached; one job."""
    written = run.changes.filter(kind="account", state__in=(Change.State.VERIFIED, Change.State.DRIFTED))
    for connection in run.portfolio.crms():
        ids = set(written.filter(connection=connection).values_list("record_id", flat=True))
        found = _found(run, connection, ids) if ids else None
        with transaction.atomic():
            lease.record(run.pk, token)
            _note_confirmed(run, connection)
            if found is not None:
                _record(run, connection, *found)
    count = written.count()
    progress = {"done": count, "total": count, "note": "records"}
    lease.record(run.pk, token, progress={**run.progress, "findings": progress})
    return False


def _found(run: Run, connection: Connection, ids: Collection[str]) -> tuple[list[Found], set[str], Ways] | None:
    """What is wrong with these accounts and the subsidiaries that are compared with them; None before any run."""
    scored = Run.objects.filter(portfolio=run.portfolio, state=Run.State.DONE, as_of__isnull=False).first()
    if scored is None or scored.as_of is None:
        return None
    model = outputs.model(run.model)
    held, judged = _records(connection, ids)
    looked_at = held["account"]["id"].tolist()
    states = AccountState.objects.filter(connection=connection)
    records.put_current(held["account"], [states.filter(record_id__in=some) for some in portions(looked_at)])
    if MAIN_FAMILY in quality.tested(model):
        records.put_families(held["account"], run.portfolio, model, scored.as_of, judged)
    scores = latest.read(run.portfolio_id, records.SCORES, looked_at)
    found = quality.check(Checked(held, scores, model, scored.as_of, run.today), own_rules.loaded())
    chosen = ways.ways(connection, ways.users(connection), model, run.today)
    return [each for each in found if each.account_id in judged and _could_change(each)], judged, chosen


def _records(connection: Connection, ids: Collection[str]) -> tuple[dict[str, pd.DataFrame], set[str]]:
    """Records to look at, and the ids of the accounts that are judged; parents are only there to compare with."""
    with mirror.reading(connection.portfolio_id, "account", "user", "opportunity") as tables:
        mine = {kind: table.filter(table.connection == connection.name) for kind, table in tables.items()}
        account = mine["account"]
        near = account.filter(account.id.isin(list(ids)) | account.parent_id.isin(list(ids)))
        judged = set(mirror.frame(near.select("id"))["id"])
        above = mirror.frame(near.select("parent_id"))["parent_id"].dropna()
        mine["account"] = account.filter(account.id.isin(sorted({*judged, *above})))
        if "opportunity" in mine:
            mine["opportunity"] = mine["opportunity"].filter(mine["opportunity"].account_id.isin(sorted(judged)))
        return {kind: mirror.frame(table) for kind, table in mine.items()}, judged


def _could_change(finding: Found) -> bool:
    return finding.field in choices.CHOSEN or finding.rule.startswith(quality.CUSTOM)


def _record(run: Run, connection: Connection, found: list[Found], judged: set[str], chosen: Ways) -> None:
    model, now = outputs.model(run.model), timezone.now()
    changeable = Q(field__in=choices.CHOSEN) | Q(rule__startswith=quality.CUSTOM)
    ours = Finding.objects.filter(changeable, connection=connection)
    among = [ours.filter(account_id__in=some) for some in portions(sorted(judged))]
    lifecycle.reconcile(run, connection, found, model, now, among)
    mine = Finding.objects.filter(connection=connection, account_id__in=judged, state__in=Finding.WAITING)
    group(connection, chosen, ways.places(connection, model, judged), now, set(mine.values_list("pk", flat=True)))


def _note_confirmed(run: Run, connection: Connection) -> None:
    """The person vouches for what stands in the CRM now."""
    who, answers = planning.asked(run)
    rows = run.changes.filter(connection=connection, kind="account", state=Change.State.VERIFIED)
    verified = set(rows.values_list("record_id", flat=True))
    mine = {each.record_id: each for each in answers if each.connection == connection.pk}
    states = AccountState.objects.filter(connection=connection, record_id__in=verified & mine.keys())
    Confirmation.objects.bulk_create(
        (
            Confirmation(
                account=state, field=field, value=value, by=who.name[:160], email=who.email, via=who.via, run=run
            )
            for state in states
            for field, value in mine[state.record_id].values.items()
        ),
        ignore_conflicts=True,  # the step may be done twice
    )
