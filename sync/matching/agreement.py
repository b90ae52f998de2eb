"""What people chose for the companies of a chunk that stand in both CRMs, and what is written across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.model.two_crms import HumanKey
from sync import absent, outputs, values
from sync.matching import matches
from sync.matching.agreeing import Settled, Sides, base_of, settle
from sync.models import AccountState, Match, Run
from sync.plan import Across, Output
from sync.rows import update

Row = Mapping[str, Any]
#: Connection and record id.
Record = tuple[int, str]
KEYS: tuple[HumanKey, ...] = ("segment", "sub_segment", "value_profile")


class Agreement:
    """The matches whose records are both among these, held against each other."""

    def __init__(self, run: Run, held: Mapping[tuple[str, str], Row]) -> None:
        self._model = outputs.model(run.model)
        self._across: dict[Record, Across] = {}
        self._changed: list[Match] = []
        both = matches.crms_of(run.portfolio)
        if both is None:
            return
        self._choices = outputs.layout(run.model, both[0]).choices()
        self._outputs = {each.key: each for each in outputs.layout(run.model, both[0]).outputs if each.key in KEYS}
        mine = [record for name, record in held if name == both[0].name]
        found = matches.confirmed(run.portfolio).filter(first=both[0], first_record__in=mine)
        pairs = [match for match in found.select_related("first", "second") if _other(match) in held]
        written = _written([record for match in pairs for _, record in match.records])
        if absent.names(run):  # nobody knows what stands there now: nothing is filled or carried until it answers
            kept = Across(kept=frozenset(KEYS))
            self._across = {(each.pk, record): kept for match in pairs for each, record in match.records}
            return
        for match in pairs:
            sides = held[match.first.name, match.first_record], held[match.second.name, match.second_record]
            self._look_at(match, sides, written)

    def of(self, connection: int, record_id: str) -> Across:
        """What the other CRM means for this record; nothing for one that is in no match."""
        return self._across.get((connection, record_id), Across())

    def save(self) -> None:
        """Record on what both agree, and on what they do not; inside a transaction."""
        update(self._changed, ["common", "differences"])

    def _look_at(
        self, match: Match, sides: tuple[Row, Row], written: Mapping[Record, Mapping[str, str | None]]
    ) -> None:
        marks = [written.get((each.pk, record), {}) for each, record in match.records]
        common, differences = dict(match.common), {}
        found: dict[str, Settled] = {}
        for key, output in self._outputs.items():
            first, second = (values.text(each.get(outputs.OWN + key)) for each in sides)
            base = base_of(common, key, marks[0].get(key), marks[1].get(key))
            kinds = match.first.kind, match.second.kind
            cleared = any(now is None and mark.get(key) for now, mark in zip((first, second), marks, strict=True))
            sides_of = Sides(first, second, base, kinds)
            found[key] = self._settle(output, sides_of, found.get(output.parent), cleared=cleared)
            if first == second:
                common[key] = first
            elif found[key].cause:
                differences[key] = self._told(match, key, first, second, base, found[key])
        self._note(match, sides, found)
        if (common, differences) != (match.common, match.differences):
            match.common, match.differences = common, differences
            self._changed.append(match)

    def _settle(self, output: Output, sides: Sides, parent: Settled | None, *, cleared: bool) -> Settled:
        """`cleared`: a person emptied what we had written on one side; only the policy fills that again."""
        if output.policy == "machine":
            return Settled()
        policy = self._model.two_crms.policy(output.key) if output.policy == "fill" else "ask"
        fill = self._model.two_crms.fill_empty and output.policy == "fill" and not cleared
        settled = settle(sides, policy, fill_empty=fill)
        if settled.rests:
            return settled
        if parent is not None and parent.cause:
            return Settled()  # a sub-segment goes with its segment
        # One that is not on the list would be refused, with all else that is to be written; its owner is told already.
        listed = (settled.to_first or settled.to_second) in self._choices[output.key]
        return settled if listed else Settled()

    def _told(
        self, match: Match, key: str, first: str | None, second: str | None, base: str | None, settled: Settled
    ) -> dict[str, Any]:
        """A difference as it is kept; who edited what is asked of the CRMs later, and kept while the values stand."""
        told = {"first": first, "second": second, "base": base, "cause": settled.cause}
        before = match.differences.get(key, {})
        if all(before.get(name) == value for name, value in told.items()):
            return dict(before)
        return told

    def _note(self, match: Match, sides: tuple[Row, Row], found: Mapping[str, Settled]) -> None:
        for place, (connection, record) in enumerate(match.records):
            there = match.records[1 - place][0]
            carried = {key: value for key, each in found.items() if (value := (each.to_first, each.to_second)[place])}
            others = sides[1 - place]
            kept = {key for key in found if key not in carried and values.text(others.get(outputs.OWN + key))}
            asked = {key for key, each in found.items() if each.cause}
            self._across[connection.pk, record] = Across(
                carried, frozenset(kept | asked), f"from {_NAMES.get(there.kind, there.name)}"
            )


_NAMES = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


def _other(match: Match) -> tuple[str, str]:
    return match.second.name, match.second_record


def _written(records: Sequence[str]) -> dict[Record, Mapping[str, str | None]]:
    """What we last wrote, by record."""
    rows = AccountState.objects.filter(record_id__in=records).values_list("connection", "record_id", "written")
    return {(connection, record): written for connection, record, written in rows}
