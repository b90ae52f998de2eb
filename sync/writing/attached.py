"""Records that hang on an account and carry values of ours: its detail record, and its open opportunities.

An opportunity carries what its account holds: an empty value is filled, and a value that agreed with the account moves
with it. Another value was chosen by a person for this deal, and stays.

A merge of two accounts brings the detail record of the one that goes under the one that stays, which has its own or
gets it: the record left over is taken away. An undo brings it back to where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sync import mirror, outputs, values
from sync.models import AccountState, Run
from sync.plan import OverrideRequest, Planned
from sync.values import Stored
from sync.writing import details
from sync.writing.details import Detail

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Attachment:
    """A planned change of a record that hangs on an account. `edits` are values that somebody changed there."""

    kind: str
    record_id: str
    name: str
    before: Mapping[str, Stored] = field(default_factory=dict)
    after: Mapping[str, Stored] = field(default_factory=dict)
    edits: Sequence[OverrideRequest] = ()


@dataclass(frozen=True)
class Attached:
    """What the mirror holds of records attached to some accounts of one connection, by account id.

    `leftovers` are detail records of accounts that are no more.
    """

    layout: outputs.Layout
    details: Mapping[str, Row]
    leftovers: Mapping[str, Sequence[Row]]
    opportunities: Mapping[str, Sequence[Row]]
    known: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, run: Run, layout: outputs.Layout, connection: str, ids: Sequence[str]) -> Attached:
        """The records of these accounts."""
        found: dict[str, list[Row]] = {outputs.DETAIL: [], outputs.OPPORTUNITY: []}
        leftovers: list[Row] = []
        wanted = {outputs.DETAIL: bool(layout.detail), outputs.OPPORTUNITY: bool(layout.carried)}
        if any(wanted.values()):
            with mirror.reading(run.portfolio_id, "account", outputs.DETAIL, outputs.OPPORTUNITY) as tables:
                accounts = tables["account"].filter(tables["account"].connection == connection)
                if layout.details_on_account:
                    rows = mirror.of(accounts, "id", ids).order_by("id").to_pyarrow().to_pylist()
                    found[outputs.DETAIL] = [{**row, "key": row["id"], "account_id": row["id"]} for row in rows]
                    wanted[outputs.DETAIL] = False
                for kind in [kind for kind, needed in wanted.items() if needed and kind in tables]:
                    table = mirror.of(tables[kind], "account_id", ids)
                    part = table.filter(table.connection == connection)
                    if kind == outputs.OPPORTUNITY:
                        part = part.filter(~part.is_closed.fill_null(False))
                    else:
                        # One whose own account is still there was moved by hand, and is written back to it by its key.
                        moved = part.filter(part.key != part.account_id)
                        orphaned = moved.anti_join(accounts, moved.key == accounts.id)
                        leftovers = orphaned.order_by("id").to_pyarrow().to_pylist()
                    found[kind] = part.order_by("id").to_pyarrow().to_pylist()
        own = {row["key"]: row for row in found[outputs.DETAIL] if row["key"] == row["account_id"]}
        return cls(layout, own, _by_account(leftovers), _by_account(found[outputs.OPPORTUNITY]), layout.choices())

    def plan(
        self, state: AccountState, row: Row, planned: Planned, earlier: Mapping[str, Stored], as_of: date,
        model_id: int, attempted: Mapping[str, str | None],
    ) -> Iterator[Attachment]:  # fmt: skip
        """What an account's records need. `earlier`: our values of the account as the last run saw them, by role."""
        undone = {name: value for name, (value, model) in state.undone.items() if model == model_id}
        if self.layout.detail:
            moved = self.layout.names["tier"] in planned.after
            yield from self._detail(state, row, undone, attempted, as_of, moved=moved)
            yield from self._removals(state, undone)
        yield from self.deals(state, planned, earlier, model_id)

    def deals(
        self, state: AccountState, planned: Planned, earlier: Mapping[str, Stored], model_id: int
    ) -> Iterator[Attachment]:
        """What an account's open opportunities need."""
        undone = {name: value for name, (value, model) in state.undone.items() if model == model_id}
        for deal in self.opportunities.get(state.record_id, ()):
            yield from self._deal(deal, planned, state, earlier, undone)

    def _detail(
        self, state: AccountState, row: Row, undone: Mapping[str, Stored], attempted: Mapping[str, str | None],
        as_of: date, *, moved: bool,
    ) -> Iterator[Attachment]:  # fmt: skip
        names, model = self.layout.detail, self.layout.model
        current = details.held(names, self.details.get(state.record_id, {}), outputs.OWN)
        detail = Detail(details.computed(row, model), current, state.written, attempted, undone, moved)
        after, edits = details.plan(detail, names, details.bands(model), as_of, details.period_days(model))
        if after or edits:
            before = {name: current.get(name) for name in after}
            name = f"{state.name} (detail record)"
            yield Attachment(outputs.DETAIL, state.record_id, name, before, after, edits)

    def _removals(self, state: AccountState, undone: Mapping[str, Stored]) -> Iterator[Attachment]:
        for record in self.leftovers.get(state.record_id, ()):
            before = details.held(self.layout.detail, record, outputs.OWN)
            after: dict[str, Stored] = dict.fromkeys(before)
            if any(f"{record['key']}.{name}" in undone for name in after):
                continue
            yield Attachment(outputs.DETAIL, record["key"], f"{state.name} (left by a merge)", before, after)

    def _deal(
        self, deal: Row, planned: Planned, state: AccountState, earlier: Mapping[str, Stored],
        undone: Mapping[str, Stored],
    ) -> Iterator[Attachment]:  # fmt: skip
        held = values.stored_all(self.layout.by_api_name(deal, outputs.OPPORTUNITY))
        after = {}
        for key, name in self.layout.carried.items():
            now = held[name]
            wanted = values.stored(planned.after.get(name, state.current.get(key)))
            if wanted is not None and wanted not in self.known[key]:
                continue  # the account's field takes values from before us, this one does not
            agreed = now is None or now in (earlier.get(key), state.current.get(key))
            if wanted == now or not agreed or undone.get(f"{deal['id']}.{name}", now) == wanted:
                continue
            after[name] = wanted
        if after:
            name = deal.get("name") or deal["id"]
            yield Attachment(outputs.OPPORTUNITY, deal["id"], name, {key: held[key] for key in after}, after)


def _by_account(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row)
    return found
