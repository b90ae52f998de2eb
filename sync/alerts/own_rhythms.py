"""What people choose for themselves about their messages, within what the model allows."""

from __future__ import annotations

from datetime import time

from django.db import transaction
from django.utils import timezone

from scoring.model.alerts import PACES, Alerts, zone
from scoring.model.quality import Severity
from sync import audit
from sync.alerts import rhythms, telling
from sync.models import Owner, OwnRhythm, Portfolio

#: What can be chosen.
CHOICES = ("high", "medium", "low", "at", "weekday", "time_zone", "quiet_from", "quiet_until")


class NotAllowed(ValueError):
    """The model does not let a person choose this, or it cannot be; the message says why."""


def choose(portfolio: Portfolio, email: str, actor: str, **wanted: str) -> OwnRhythm:
    """Keep what a person wants, in place of what he wanted of the same things before; "" leaves it to the model.

    `wanted`: high, medium, low, at, weekday, time_zone, quiet_from, quiet_until. Raises NotAllowed.
    """
    email = email.strip().lower()
    owner = Owner.objects.filter(portfolio=portfolio, email__iexact=email).first()
    if owner is None:
        raise NotAllowed(f"Nobody with the address {email} has ever had an alert here.")
    rules = rhythms.rules_of(portfolio)
    with transaction.atomic():
        found = OwnRhythm.objects.select_for_update().filter(portfolio=portfolio, email=email).first()
        mine = found or OwnRhythm(portfolio=portfolio, email=email)
        before = {name: str(getattr(mine, name) or "") for name in wanted}
        for name, text in wanted.items():
            setattr(mine, name, _checked(rules, owner, name, text))
        if (mine.quiet_from is None) != (mine.quiet_until is None):
            raise NotAllowed("Quiet hours need both a beginning and an end.")
        if mine.quiet_from is not None and mine.quiet_from == mine.quiet_until:
            raise NotAllowed("Quiet hours cannot last all day: the beginning and the end are the same.")
        mine.save()
        telling.retime(portfolio, timezone.now())
        audit.note(portfolio, actor, "rhythm chosen", email, before=before, after=wanted)
    return mine


def _checked(rules: Alerts, owner: Owner, name: str, text: str) -> str | time | None:
    """The value to keep. Raises NotAllowed."""
    severity = next((each for each in rhythms.SEVERITIES if each == name), None)
    if severity is not None:
        _check_pace(rules, owner, severity, text)
        return text
    if text and not rules.own_choice.hours:
        raise NotAllowed("The model gives everybody the same hours (alerts: own_choice: hours).")
    if name in ("at", "quiet_from", "quiet_until"):
        try:
            return time.fromisoformat(text) if text else None
        except ValueError:
            raise NotAllowed(f"'{text}' is no time of day. Write it as 08:30.") from None
    days = rhythms.days_of(owner.portfolio)
    if name == "weekday" and text and text not in days:
        raise NotAllowed(f"'{text}' is no day on which messages go out. There are {', '.join(days)}.")
    if name == "time_zone" and text and zone(text) is None:
        raise NotAllowed(f"'{text}' is no time zone. Write it as Europe/Helsinki or America/New_York.")
    return text


def _check_pace(rules: Alerts, owner: Owner, severity: Severity, text: str) -> None:
    if text and text not in PACES:
        raise NotAllowed(f"'{text}' is no rhythm. There are {', '.join(PACES)}.")
    person = rhythms.people(owner.portfolio)(owner)
    slowest = rhythms.slowest_of(rules, rhythms.pace_of(rules, person, None, severity)[0], severity)
    if text and PACES.index(text) > PACES.index(slowest):
        raise NotAllowed(f"The model lets nobody hear of {severity} problems later than {slowest}.")
