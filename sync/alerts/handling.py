"""What people say about findings: seen, being worked on, later, cannot be known, right as it is.

Whoever is first counts: a deed is done to the findings that stand where it can be done, in one transaction that locks
them, with its history and its entry in the record of who decided what.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser
from django.db import transaction
from django.utils import timezone

from scoring.model import Model
from scoring.model.follow_up import FollowUp
from sync import audit, outputs
from sync.alerts import history, states, ways
from sync.alerts.grouping import group, settle
from sync.alerts.states import Event, State
from sync.fixing.choices import CHOSEN
from sync.models import Absence, AccountState, Alert, Confirmation, Connection, Finding, FindingEvent, Portfolio
from sync.rows import portions

#: Findings named in the record of one deed; more would make it unreadable.
NAMED = 50


class Refused(ValueError):
    """A deed that cannot be done; the message says why and what to do."""


def do(
    portfolio: Portfolio,
    findings: Collection[int],
    deed: Event,
    by: str,
    *,
    reason: str = "",
    until: date | None = None,
) -> int:
    """Do this to those of the findings where it can be done; how many that were.

    Raises `Refused` where a reason or a day is missing or wrong, and where it can be done to none of them.
    """
    reason, now = reason.strip(), timezone.now()
    published = portfolio.model_in_force()
    if published is None:
        raise Refused("No model is published yet: tierline model publish FILE.")
    model = outputs.model(published)
    until = _checked(deed, reason, until, model.follow_up, timezone.localdate(now))
    with transaction.atomic():
        mine = [
            finding
            for some in portions(sorted(set(findings)))
            for finding in Finding.objects.filter(connection__portfolio=portfolio, pk__in=some)
            .select_for_update(of=("self",))
            .select_related("alert", "connection__portfolio")
        ]
        fitting = [each for each in mine if deed in states.possible(each.state, each.rule)]
        if not fitting:
            raise Refused(_why_not(mine, deed))
        asked = any(each.state == State.ASKED for each in fitting)
        _record(portfolio, fitting, deed, by, reason, until, now)
        if asked or deed is Event.CANNOT_KNOW:
            _hand_on(fitting, model, now)
        settle(portfolio.pk, now)
    return len(fitting)


def may(user: AbstractBaseUser | AnonymousUser, alert: Alert) -> bool:
    """Whether this user of the console may say something about the findings of an alert.

    That is the person whose it is, whoever stands in, and those who may start runs.
    """
    if not isinstance(user, AbstractUser) or not user.is_active:
        return False
    return user.is_staff or alert.owner.email.lower() in answered_by(user, alert.portfolio)


def answered_by(user: AbstractBaseUser | AnonymousUser, portfolio: Portfolio) -> set[str]:
    """E-mail addresses of those whose findings are this user's today: their own, and of those they stand in for."""
    if not isinstance(user, AbstractUser):
        return set()
    mine = {each.lower() for each in (user.email, user.get_username()) if "@" in each}
    today = timezone.localdate()
    away = Absence.objects.filter(portfolio=portfolio, delegate__in=mine, starts_on__lte=today, ends_on__gte=today)
    return mine | set(away.values_list("email", flat=True))


def may_take_back(user: AbstractBaseUser | AnonymousUser, finding: Finding) -> bool:
    """Whether this user asked whether the finding can be known at all, and may take the question back."""
    if not isinstance(user, AbstractUser) or finding.state != State.ASKED:
        return False
    asked = FindingEvent.objects.filter(finding=finding, event=Event.CANNOT_KNOW).order_by("-at", "-pk").first()
    return asked is not None and asked.by == user.get_username()


def last_day(deed: Event, rules: FollowUp, today: date) -> date | None:
    """The longest that a rest may last which this begins; None where it begins none that ends on a day."""
    days = {Event.SNOOZE: rules.snooze_days, Event.ACCEPT: rules.cannot_know_days}.get(deed)
    return None if days is None else today + timedelta(days=days)


def last_said(findings: Sequence[Finding]) -> dict[int, FindingEvent]:
    """What was said last about each of these since it waits for its person, by finding."""
    said: dict[int, FindingEvent] = {}
    open_since = {each.pk: each.waiting_since for each in findings}
    for some in portions(list(open_since)):
        for each in FindingEvent.objects.filter(finding__in=some).exclude(by="").order_by("at", "pk"):
            if each.at >= open_since[each.finding_id]:
                said[each.finding_id] = each
    return said


def _checked(deed: Event, reason: str, until: date | None, rules: FollowUp, today: date) -> date | None:
    """The last day of a rest that this begins, None where it begins none that ends on a day."""
    if deed in states.WITH_REASON and not reason:
        raise Refused("Say why, in a sentence: whoever looks at it next reads it.")
    last = last_day(deed, rules, today)
    if last is None:
        return None
    if deed is Event.ACCEPT and until is None:
        return last
    if until is None or not today <= until <= last:
        days = (last - today).days
        raise Refused(f"Give the last day of its rest, between today and {last}: the model allows {days} days.")
    return until


def _record(
    portfolio: Portfolio,
    fitting: Sequence[Finding],
    deed: Event,
    by: str,
    reason: str,
    until: date | None,
    now: datetime,
) -> None:
    """The new state, the history of each, and who did it."""
    history.note(fitting, deed, now, by=by, reason=reason, until=until)
    target = states.TRANSITIONS[deed][1]
    changes: dict[str, object] = {"state": target, "rests_until": until}
    if target is State.OPEN:
        changes |= {"waiting_since": now, "escalated": 0}
    for some in portions([each.pk for each in fitting]):
        Finding.objects.filter(pk__in=some, state__in=states.TRANSITIONS[deed][0]).update(**changes)
    for finding in fitting:
        finding.state = target
    if deed is Event.CONFIRM:
        _vouch(fitting, by)
    first = fitting[0]
    more = f" and {len(fitting) - 1:,} more" if len(fitting) > 1 else ""
    said = {"reason": reason} if reason else {}
    if until is not None:
        said["until"] = str(until)
    named = [each.pk for each in fitting[:NAMED]]
    audit.note(portfolio, by, f"finding {states.EVENTS[deed]}", f"{first}"[:150] + more, findings=named, **said)


def _vouch(findings: Sequence[Finding], by: str) -> None:
    """A value that a person says to be right counts as confirmed."""
    chosen = [each for each in findings if each.kind == "account" and each.field in CHOSEN]
    accounts: dict[tuple[int, str], AccountState] = {}
    for some in portions(sorted({each.account_id for each in chosen})):
        for account in AccountState.objects.filter(record_id__in=some):
            accounts[account.connection_id, account.record_id] = account
    known = [(each, accounts.get((each.connection_id, each.account_id))) for each in chosen]
    Confirmation.objects.bulk_create(
        Confirmation(account=account, field=each.field, value=each.value, by=by[:160], via="finding")
        for each, account in known
        if account is not None
    )


def _hand_on(findings: Sequence[Finding], model: Model, now: datetime) -> None:
    """Give them to the person who has to act next, at once."""
    by_connection: dict[Connection, list[int]] = {}
    for finding in findings:
        by_connection.setdefault(finding.connection, []).append(finding.pk)
    for connection, ids in by_connection.items():
        chosen = ways.ways(connection, ways.users(connection), model, timezone.localdate(now))
        accounts = {finding.account_id for finding in findings if finding.account_id}
        group(connection, chosen, ways.places(connection, model, accounts), now, only=ids)


def _why_not(findings: Sequence[Finding], deed: Event) -> str:
    """Why it can be done to none of these, with who was first where somebody was."""
    if not findings:
        return "No finding was chosen. Tick the records it is about."
    if deed is Event.CONFIRM and not any(each.rule in states.ANSWERS for each in findings):
        return "This kind of problem is not answered by saying that it is right: it has to be mended in the CRM."
    first = findings[0]
    last = FindingEvent.objects.filter(finding=first).exclude(by="").order_by("-at", "-pk").first()
    whose = f", by {last.by}" if last and first.state in (*states.RESTING, *states.WAITING[1:]) else ""
    words = states.STATES[State(first.state)]
    what = f"{first.record_name} is" if len(findings) == 1 else f"Of these {len(findings)} none can be; the first is"
    return f"{what} {words} already{whose}. Load the page again to see where it stands."
