"""PURE: what becomes of a request, given what the record holds and who asks.

| asked | becomes |
|---|---|
| tier is right | accepted; nothing changes |
| tier is wrong | a remark that whoever may decide about overrides answers |
| another tier | an override that waits for approval, of the computed tier |
| a value is right | that value, "confirmed by" the person, where the person may edit it in the CRM |
| take it back | what waits is withdrawn |

It is refused at once, with the reason, when it cannot be understood, is about a tier or value that the record no longer
shows, when it is not sure who asks (another person saved the record afterwards), or when somebody else's request
waits already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from connectors.base import Scalar
from sync.alerts.routing import Person
from sync.governance import requests
from sync.governance.requests import Asked
from sync.outputs import Layout
from sync.values import text

Outcome = Literal["refused", "accepted", "remark", "override", "value", "withdrawn"]


@dataclass(frozen=True)
class Record:
    """What is known of the account.

    Attributes:
        current: our values by role, as the CRM holds them.
        saved_by: id of the user who wrote the request, where the CRM keeps that, or else saved the record last; ""
            where it tells neither.
        people: users of the CRM by record id.
        waiting: who asked for what waits already, "" when nothing does.
        lacking: the right that the person lacks, by output, in words.
    """

    layout: Layout
    current: Mapping[str, Scalar]
    saved_by: str = ""
    people: Mapping[str, Person] = field(default_factory=dict)
    waiting: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What becomes of it. `why` is for the person; `value` is the key of the tier or value."""

    outcome: Outcome
    why: str = ""
    value: str = ""


def person(asked: Asked, record: Record) -> Person | None:
    """Who asks: whom the card named, by id or address, else who saved the record last."""
    if not asked.by:
        return record.people.get(record.saved_by)
    known = record.people.get(asked.by) or record.people.get(asked.by[:15])
    return known or next((each for each in record.people.values() if each.email.lower() == asked.by.lower()), None)


def by_key(asked: Asked, record: Record) -> Asked:
    """The request with the key of the tier or value that somebody named by its label."""
    name = record.layout.names[requests.CONFIRMS.get(asked.kind, "tier")]
    return replace(asked, value=record.layout.key(name, asked.value)) if asked.value else asked


def told(asked: Asked, record: Record) -> str:
    """What was asked, in words."""
    asked = by_key(asked, record)
    words = requests.LABELS.get(asked.kind, asked.kind)
    about = ""
    if asked.value and asked.kind == requests.OVERRIDE:
        about = record.layout.words(record.layout.names["tier"], asked.value)
    elif asked.value and asked.kind in requests.CONFIRMS:
        about = record.layout.words(record.layout.names[requests.CONFIRMS[asked.kind]], asked.value)
    reason = record.layout.model.overrides.reasons.get(asked.reason, "")
    who = person(asked, record)
    said = f"{words}: {about}" if about else words
    more = ". ".join(part for part in (said, reason, asked.comment) if part)
    return f"{more} ({who.name})" if who else more


def judge(asked: Asked, record: Record) -> Verdict:
    """What becomes of a request."""
    if asked.kind not in requests.LABELS:
        return _no(f"“{asked.kind}” is nothing that can be asked for here. Use the buttons of the card.")
    who = person(asked, record)
    if who is None:
        return _no("It is not known who asks. Ask on the card, as an active user of the CRM.")
    if record.saved_by and who.record_id[:15] != record.saved_by[:15]:
        other = record.people.get(record.saved_by)
        return _no(
            f"It is not sure that {who.name} asks: {other.name if other else 'another user'} saved the account "
            "afterwards. Ask once more."
        )
    asked = by_key(asked, record)
    if asked.kind in requests.CONFIRMS:
        return _value(asked, record, requests.CONFIRMS[asked.kind])
    return _tier(asked, record, who)


def _no(why: str) -> Verdict:
    return Verdict("refused", why)


def _tier(asked: Asked, record: Record, who: Person) -> Verdict:
    layout = record.layout
    held, name = text(record.current.get("tier")) or "", layout.names["tier"]
    if asked.kind == requests.WITHDRAW:
        if record.waiting not in (who.name, ""):
            return _no(f"It is {record.waiting} who asked for what waits, and has to take it back.")
        return Verdict("withdrawn") if record.waiting else _no("Nothing waits that could be taken back.")
    if not held:
        return _no("The account has no tier now.")
    if asked.kind != requests.OVERRIDE and asked.value not in ("", held):
        shown, now = layout.words(name, asked.value), layout.words(name, held)
        return _no(f"It was about the tier {shown}; by now it is {now}. Look at it again.")
    if asked.kind == requests.CONFIRM:
        return Verdict("accepted", "Noted; the tier stays.", held)
    if not asked.comment:
        return _no("It says no reason. Somebody has to decide on it, so say why in a sentence or two.")
    if record.waiting not in ("", who.name):
        return _no(f"{record.waiting} has asked about this tier already, and that is not decided yet.")
    if asked.kind == requests.DISPUTE:
        return Verdict("remark", value=held)
    if asked.value not in layout.model.tiers.keys:
        return _no("It names no tier of the model. Choose one from the list on the card.")
    if asked.value == held:
        return _no(f"The account has the tier {layout.words(name, held)} already.")
    return Verdict("override", value=asked.value)


def _value(asked: Asked, record: Record, key: str) -> Verdict:
    layout = record.layout
    output = next(each for each in layout.outputs if each.key == key)
    title, name = layout.title(output.names["value"]), output.names["value"]
    held = text(record.current.get(key)) or ""
    suggested = text(record.current.get(f"{key}_suggestion")) or ""
    wanted = asked.value or held or suggested  # who chose "is right" from a list names none
    if "source" not in output.names:
        return _no(f"The {title.lower()} is computed, and nobody can confirm it.")
    if not wanted or wanted not in layout.choices()[key]:
        return _no(f"It names no {title.lower()} of the model. Choose one from the list.")
    if wanted not in (held, suggested):
        now = layout.words(name, held) if held else "empty"
        return _no(f"{title} is {now} by now, not {layout.words(name, wanted)}. Look at it again.")
    parents = {value.key: value.parents for spec in layout.specs() if spec.name == name for value in spec.values}
    above = text(record.current.get(output.parent)) or "" if output.parent else ""
    if output.parent and parents[wanted] and above not in parents[wanted]:
        return _no(f"{layout.words(name, wanted)} belongs to another segment than the account's. Choose that first.")
    if lacking := record.lacking.get(key):
        return _no(lacking)
    return Verdict("value", value=wanted)
