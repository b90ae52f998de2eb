"""PURE: what becomes of one answer, given what the CRM holds now and what the person may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from connectors.base import Field, Scalar
from connectors.rights import Rights
from sync import values
from sync.fixing.answering import Answer, Answerer
from sync.models import Change
from sync.outputs import CONFIRMED, Layout

#: Length of the field that says who vouches for a value.
_SOURCE = 40


@dataclass(frozen=True)
class Decided:
    """A change to send, or the outcome of one that is not sent: its state, and the words for the person."""

    before: Mapping[str, values.Stored]
    after: Mapping[str, values.Stored]
    state: str = Change.State.PLANNED
    code: str = ""
    message: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known at the moment of the write.

    Attributes:
        held: what the CRM holds now, by record id and API name; a record that is gone is absent.
        rights: what the person may change; None where the CRM does not tell.
        fields: the account's fields as the CRM describes them.
        administrator: whom to ask, by name.
        names: of accounts, by record id.
    """

    layout: Layout
    who: Answerer
    held: Mapping[str, Mapping[str, Scalar]]
    rights: Rights | None
    fields: Mapping[str, Field]
    administrator: str
    today: date
    names: Mapping[str, str] = field(default_factory=dict)


def touched(layout: Layout, answer: Answer) -> list[str]:
    """API names of the fields an answer is about, each value with what is kept beside it."""
    return [name for output in layout.outputs if output.key in answer.values for name in output.names.values()]


def decide(answer: Answer, facts: Facts) -> Decided:
    """What to do with one answer."""
    now = facts.held.get(answer.record_id)
    after = _after(answer, facts)
    if now is None:
        said = "The record was deleted or merged meanwhile.", "Nothing to do: the next run no longer sees it."
        return _refused(after, after, "ENTITY_IS_DELETED", *said)
    before = {name: values.stored(now.get(name)) for name in after}
    if denied := lacking(answer, facts):
        return _refused(before, after, "NO_EDIT_RIGHT", *denied)
    unknown = _unknown(answer, facts)
    if unknown:
        return _refused(before, after, "NOT_IN_LIST", *unknown)
    if edited := _edited(answer, facts.layout, before):
        return Decided(
            before,
            after,
            Change.State.SUPERSEDED,
            message=f"Changed in the CRM since you were shown it: {edited}.",
            next_step="That stays. If it is wrong, choose again.",
        )
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return Decided(before, after, Change.State.VERIFIED, message="It stood there already.")
    return Decided({name: before[name] for name in changed}, {name: after[name] for name in changed})


def confirmed_by(name: str) -> str:
    """Source of a value that this person vouches for."""
    return f"{CONFIRMED} {name}"[:_SOURCE].rstrip()


def _after(answer: Answer, facts: Facts) -> dict[str, values.Stored]:
    """Values, and beside them who vouches for them since when: that is what keeps the machine off them."""
    after: dict[str, values.Stored] = {}
    for output in facts.layout.outputs:
        if output.key not in answer.values:
            continue
        value = answer.values[output.key] or None
        after[output.names["value"]] = value
        if "source" in output.names:
            after[output.names["source"]] = confirmed_by(facts.who.name) if value else None
        if "date" in output.names:
            after[output.names["date"]] = facts.today.isoformat() if value else None
    return after


def lacking(answer: Answer, facts: Facts) -> tuple[str, str] | None:
    """The right that the person lacks, and how to get it."""
    rights, who, name = facts.rights, facts.who.name, facts.names.get(answer.record_id, answer.record_id)
    if rights is None:
        return "This CRM does not tell who may edit what.", "Mend the record in the CRM itself."
    ask = f"Ask {facts.administrator}, who can give you {rights.grant}"
    if not rights.is_active:
        return f"{who} is no active user of the CRM.", "Whoever works with this customer now has to mend it."
    if not rights.on_kind:
        return f"{who} may not edit accounts in the CRM.", f"{ask} and edit access to accounts."
    outputs = [each for each in facts.layout.outputs if each.key in answer.values]
    closed = [facts.layout.title(each.names["value"]) for each in outputs if each.names["value"] not in rights.fields]
    if closed:
        return f"{who} may not edit {' and '.join(closed)} in the CRM.", f"{ask}."
    if answer.record_id not in rights.records:
        share = f"Its owner in the CRM or {facts.administrator} can share it with you; or leave it to the owner."
        return f"{who} may not edit {name} in the CRM.", share
    return None


def _unknown(answer: Answer, facts: Facts) -> tuple[str, str] | None:
    """A value that the CRM's own list does not have, or no longer."""
    for output in facts.layout.outputs:
        value, name = answer.values.get(output.key), output.names["value"]
        described = facts.fields.get(name)
        known = {each.key for each in described.values if each.active} if described else set()
        if value and value not in known:
            shown = facts.layout.words(name, value)
            said = f"The CRM's list of {facts.layout.title(name)} does not have {shown}."
            return said, f"{facts.administrator} can add it: tierline schema plan NAME, then apply."
    return None


def _edited(answer: Answer, layout: Layout, before: Mapping[str, values.Stored]) -> str:
    """What somebody changed since the person was shown it, in words; "" for nothing that matters."""
    found = []
    for output in layout.outputs:
        if output.key not in answer.values:
            continue
        name = output.names["value"]
        now = before[name] or ""
        if now not in (answer.seen.get(output.key, ""), answer.values[output.key]):
            found.append(f"{layout.title(name)} is now {layout.words(name, before[name])}")
    return "; ".join(found)


def _refused(
    before: Mapping[str, values.Stored], after: Mapping[str, values.Stored], code: str, message: str, next_step: str
) -> Decided:
    return Decided(before, after, Change.State.REJECTED, code, message, next_step)
