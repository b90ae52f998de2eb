"""The rhythm of each person: what the model says, what the CRM knows of him, what he chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from django.conf import settings

from scoring.model.alerts import PACES, Alerts, Pace, zone
from scoring.model.days import WEEKDAYS, Weekday
from scoring.model.quality import Severity
from sync import outputs
from sync.alerts import administrator
from sync.alerts.rhythm import Hours, Rhythm
from sync.models import Owner, OwnRhythm, Portfolio

#: The worst first.
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True)
class Reasons:
    """Who decided what about a rhythm, in words: the pace by severity, the time zone, the hours."""

    paces: Mapping[str, str]
    zone: str
    hours: str


@dataclass(frozen=True)
class Person:
    """What a rhythm depends on."""

    email: str
    time_zone: str = ""
    manages: bool = False
    administers: bool = False


def resolve(
    rules: Alerts, person: Person, own: OwnRhythm | None, days: tuple[Weekday, ...] = WEEKDAYS
) -> tuple[Rhythm, Reasons]:
    """The rhythm of a person, and why it is so. What the model no longer allows is as near to it as it allows.

    `days`: those on which messages go out.
    """
    paces: dict[str, Pace] = {}
    because: dict[str, str] = {}
    for severity in SEVERITIES:
        paces[severity], because[severity] = pace_of(rules, person, own, severity)
    mine = own if own is not None and rules.own_choice.hours else None
    found, told_by = _zone(rules, person, mine)
    quiet = rules.quiet_hours.hours if rules.quiet_hours else None
    breaking = frozenset(rules.quiet_hours.break_for) if rules.quiet_hours else frozenset()
    if mine is not None and mine.quiet_from is not None and mine.quiet_until is not None:
        quiet = mine.quiet_from, mine.quiet_until
    hours = Hours(
        zone=found,
        working=frozenset(map(WEEKDAYS.index, days)),
        quiet=quiet,
        breaking=frozenset(map(str, breaking)),
        at=mine.at if mine is not None and mine.at is not None else time.fromisoformat(rules.digest.at),
        weekday=WEEKDAYS.index(_weekday(rules, mine, days)),
    )
    chosen = mine is not None and bool(mine.at or mine.weekday or mine.quiet_from)
    return Rhythm(paces, hours), Reasons(because, told_by, "own choice" if chosen else "the model")


def pace_of(rules: Alerts, person: Person, own: OwnRhythm | None, severity: Severity) -> tuple[Pace, str]:
    """How soon this person hears of such problems, and who decided it."""
    pace, because = rules.rhythm.of(severity), "the model"
    for number, rule in enumerate(rules.exceptions, 1):
        wanted: Pace | None = getattr(rule.rhythm, severity)
        if _meant(person, rule.to):
            pace, because = (wanted, f"exception {number} of the model") if wanted else (pace, because)
            break
    chosen = next((each for each in PACES if own is not None and each == getattr(own, severity)), None)
    if chosen is None:
        return pace, because
    slowest = slowest_of(rules, pace, severity)
    if PACES.index(chosen) > PACES.index(slowest):
        return slowest, f"own choice ({chosen}), as far as the model allows"
    return chosen, "own choice"


def slowest_of(rules: Alerts, pace: Pace, severity: Severity) -> Pace:
    """The slowest pace that may be chosen: never faster than what the person has without choosing."""
    return max(pace, rules.own_choice.slowest.of(severity), key=PACES.index)


def _meant(person: Person, to: tuple[str, ...]) -> bool:
    return (
        person.email.lower() in {each.lower() for each in to}
        or ("manager" in to and person.manages)
        or ("administrator" in to and person.administers)
    )


def _zone(rules: Alerts, person: Person, own: OwnRhythm | None) -> tuple[ZoneInfo, str]:
    choices = (
        (own.time_zone if own is not None else "", "own choice"),
        (person.time_zone, "the CRM"),
        (rules.time_zone or "", "the model"),
        (settings.TIME_ZONE, "this installation"),
    )
    found = ((zone(name), words) for name, words in choices if name)
    return next(((each, words) for each, words in found if each is not None), (ZoneInfo("UTC"), "this installation"))


def _weekday(rules: Alerts, own: OwnRhythm | None, days: tuple[Weekday, ...]) -> Weekday:
    """Own choice, unless nothing is sent on that day any more."""
    mine = own.weekday if own is not None else ""
    return next((day for day in days if day == mine), rules.digest.weekday)


def rules_of(portfolio: Portfolio) -> Alerts:
    """What the model in force says about messages."""
    published = portfolio.model_in_force()
    return outputs.model(published).alerts if published else Alerts()


def days_of(portfolio: Portfolio) -> tuple[Weekday, ...]:
    """The days on which messages go out."""
    published = portfolio.model_in_force()
    model = outputs.model(published) if published else None
    return model.alerts.days(model.working_days) if model else WEEKDAYS


def people(portfolio: Portfolio) -> Callable[[Owner], Person]:
    """What is known of everybody in a portfolio."""
    last_resort = administrator.address(portfolio).lower()

    def person(owner: Owner) -> Person:
        email = owner.email.lower()
        return Person(email, owner.time_zone, owner.manages, bool(email) and email == last_resort)

    return person


def of_portfolio(portfolio: Portfolio) -> Callable[[Owner], tuple[Rhythm, Reasons]]:
    """The rhythm of everybody in a portfolio, and why it is so."""
    rules, about, days = rules_of(portfolio), people(portfolio), days_of(portfolio)
    own = {each.email: each for each in OwnRhythm.objects.filter(portfolio=portfolio)}

    def of(owner: Owner) -> tuple[Rhythm, Reasons]:
        return resolve(rules, about(owner), own.get(owner.email.lower()), days)

    return of
