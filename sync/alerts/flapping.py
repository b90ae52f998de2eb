"""Findings that come and go: somebody mends a value, somebody or something else breaks it again.

Whoever has one hears it once, with the values it goes between and who edited the record. While it flaps, its coming
back is no news.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Min

from scoring.model.follow_up import Flapping
from sync import labels
from sync.alerts import history
from sync.alerts.states import Event
from sync.models import AccountState, Connection, Finding, FindingEvent
from sync.rows import portions, update


def held(findings: Sequence[Finding]) -> Mapping[int, str]:
    """What stands now in the fields of ours that these are about, by finding: what they were mended to."""
    about = {(each.account_id, each.field) for each in findings if each.kind == "account" and each.field}
    if not about:
        return {}
    values: dict[tuple[int, str], Mapping[str, object]] = {}
    for some in portions(sorted({account for account, _ in about})):
        states = AccountState.objects.filter(record_id__in=some)
        for connection, record_id, current in states.values_list("connection", "record_id", "current"):
            values[connection, record_id] = current
    found = ((each, values.get((each.connection_id, each.account_id), {}).get(each.field)) for each in findings)
    return {each.pk: str(value) for each, value in found if value}


def forget(connection: Connection, rule: Flapping, now: datetime) -> None:
    """Those that have not come back for so long do not flap any more."""
    calm = now - timedelta(days=rule.days)
    flapped = Finding.objects.filter(connection=connection, flapping_since__isnull=False, opened_at__lt=calm)
    flapped.update(flapping="", flapping_since=None)


def mark(connection: Connection, again: Sequence[Finding], rule: Flapping, now: datetime) -> None:
    """Note which of those that came back just now flap."""
    since = now - timedelta(days=rule.days)
    fresh = {finding.pk: finding for finding in again if finding.flapping_since is None}
    often: dict[int, tuple[int, datetime]] = {}
    for some in portions(list(fresh)):
        mended = FindingEvent.objects.filter(finding__in=some, event=Event.GONE, at__gte=since).order_by()
        counted = mended.values("finding").annotate(n=Count("pk"), first=Min("at")).filter(n__gte=rule.times)
        often |= {row["finding"]: (row["n"], row["first"]) for row in counted}
    if not often:
        return
    names = labels.labels(connection.portfolio)
    for pk, (times, first) in often.items():
        finding = fresh[pk]
        finding.flapping, finding.flapping_since = _sentence(finding, times, first, names)[:300], now
        history.note([finding], Event.FLAPPING, now, reason=finding.flapping)
    update([fresh[pk] for pk in often], ["flapping", "flapping_since"])


def is_news(finding: Finding) -> bool:
    """Whether its person has not heard yet that it comes and goes."""
    return finding.flapping_since is None or finding.opened_at <= finding.flapping_since


def _sentence(finding: Finding, times: int, first: datetime, names: labels.Labels) -> str:
    said = f"Comes and goes: mended {times} times since {first:%-d %b %Y}, and wrong again each time."
    turns = FindingEvent.objects.filter(finding=finding, at__gte=first, event__in=(Event.GONE, Event.FOUND_AGAIN))
    rows = list(turns.order_by("at", "pk").values_list("value", "edited_by"))
    between = list(dict.fromkeys(value for value, _ in rows))[:4]
    if len(between) > 1:
        shown = " and ".join(names.value(finding.field, value) if value else "empty" for value in between)
        said = f"{said} The value goes between {shown}."
    people = list(dict.fromkeys(editor for _, editor in rows if editor))[:4]
    if people:
        return f"{said} When it changed, the record had last been edited by {' or '.join(people)}."
    return f"{said} Who edited the record is not known."
