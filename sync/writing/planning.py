"""Step `plan`: compare scores with what the CRM holds, and write the changes down before anything is sent.

One chunk of accounts a job. Its changes, score history, account states and override requests are recorded in one
transaction with the progress of the run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import pandas as pd
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from connectors.base import Scalar
from sync import absent, lease, mirror, outputs, values
from sync.governance import override_requests, overriding, reviewing
from sync.governance.asking import Asking
from sync.matching import differences, matches
from sync.matching.agreement import Agreement
from sync.models import AccountState, Change, Connection, Run, Score, refused_key
from sync.plan import Account, OverrideRequest, Planned, digest, plan_account
from sync.quality import lines
from sync.reading import dirty
from sync.rows import Encoded, insert, update
from sync.scores import evaluate
from sync.tally import Tally
from sync.writing import exclusive, holding
from sync.writing.attached import Attached

Row = Mapping[str, Any]


def advance(run: Run, token: str) -> bool:
    """Plan the next chunk, and after the last one the data-quality lines; False after these."""
    total = evaluate.chunks(run)
    if not run.progress.get("plan"):
        holding.replace_earlier(run)
    number = run.progress.get("plan", {}).get("done", 0)
    if number >= total:
        calls = 0 if "lines" in run.progress.get("plan", {}) else differences.ask(run)
        more = lines.advance(run, token)
        lease.record(run.pk, token, api_calls=run.api_calls + calls)
        return more
    scored = _rows(evaluate.scores(run, number))
    held = _held(run, [row["account_id"] for row in scored])
    agreed = Agreement(run, held)
    work = [_Chunk(run, connection, scored, held, agreed) for connection in absent.crms(run)]
    tally = Tally.of(run.counts) if number else Tally()
    for chunk in work:
        chunk.plan(tally)
    progress = {"done": number + 1, "total": total, "note": "accounts"}
    calls = run.api_calls + sum(chunk.asking.calls for chunk in work)
    with exclusive.planning(), transaction.atomic():
        for chunk in work:
            chunk.save()
        agreed.save()
        lease.record(
            run.pk,
            token,
            progress={**run.progress, "plan": progress},
            counts={**run.counts, **tally.counts()},
            api_calls=calls,
        )
    return True


def _since(row: Row) -> str | None:
    """First day of the tier that is published; of an override its own."""
    found: str | None = row.get("published_since") or row["tier_since"]
    return found


def _rows(table: pd.DataFrame) -> list[Row]:
    """Rows as plain JSON values: what is stored with a score is what was computed."""
    rows: list[Row] = json.loads(table.to_json(orient="records", double_precision=6))
    return rows


def _held(run: Run, ids: Sequence[str]) -> dict[tuple[str, str], Row]:
    """What the mirror holds of these accounts, by connection name and record id."""
    with mirror.reading(run.portfolio_id, "account") as tables:
        accounts = mirror.of(tables["account"], "id", ids)
        own = [name for name in accounts.columns if name.startswith(outputs.OWN)]
        part = accounts.select("connection", "id", "name", "owner_id", "parent_id", *own)
        rows = part.to_pyarrow().to_pylist()
    return {(row["connection"], row["id"]): row for row in rows}


class _Chunk:
    """The accounts of one connection among one chunk of scores."""

    def __init__(
        self, run: Run, connection: Connection, scored: Sequence[Row], held: Mapping[tuple[str, str], Row],
        agreed: Agreement,
    ) -> None:  # fmt: skip
        self.run = run
        self.agreed = agreed
        self.connection = connection
        self.layout = outputs.layout(run.model, connection)
        mine = [row for row in scored if (connection.name, row["account_id"]) in held]
        self.held = {record_id: row for (name, record_id), row in held.items() if name == connection.name}
        ids = [row["account_id"] for row in mine]
        known = AccountState.objects.filter(connection=connection, record_id__in=ids)
        self.states = {state.record_id: state for state in known}
        self.marks = dict(known.values_list("record_id", "score__digest"))
        others = self._left_to_others(ids)
        self.left = [state for record_id, state in self.states.items() if record_id in others]
        self.scored = [row for row in mine if row["account_id"] not in others]
        self.states = {record_id: state for record_id, state in self.states.items() if record_id not in others}
        self.before = {state.record_id: _facts(state) for state in known}
        keys = {state.pk: state.record_id for state in known}
        there = {pk: keys[mine] for pk, mine in matches.same_company(known).items()}
        in_force, model = overriding.in_force([*keys, *there]), outputs.model(run.model)
        standing = {(keys | there)[pk]: override for pk, override in in_force.items()}
        self.scored = [overriding.applied(row, standing.get(row["account_id"]), model) for row in self.scored]
        self.decided = overriding.settled(list(keys))
        self.asking = Asking(run, connection, self.layout, list(keys))
        self.attempted = self._attempted(ids)
        self.columns = [(role, outputs.OWN + role) for role in self.layout.names]
        self.changes: list[Row] = []
        self.scores: list[tuple[AccountState, Row]] = []
        self.planned: list[Planned] = []
        self.edits: list[tuple[str, OverrideRequest]] = []
        self.attached = Attached.read(run, self.layout, connection.name, [row["account_id"] for row in scored])

    def _left_to_others(self, ids: Sequence[str]) -> set[str]:
        """Accounts that a newer run has planned already, or that another run is writing at this moment.

        The latter are looked at again as soon as that run has ended.
        """
        newer = {key for key, state in self.states.items() if (state.seen_in_id or 0) > self.run.pk}
        busy = set(
            Change.objects.filter(connection=self.connection, record_id__in=ids, state__in=Change.OPEN)
            .exclude(run=self.run)
            .values_list("record_id", flat=True)
        )
        dirty.mark(self.connection, busy, f"another run was writing it when {self.run} looked")
        return newer | busy

    def _attempted(self, ids: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """Values that an interrupted run may have written without hearing the answer."""
        unheard = Change.objects.filter(
            connection=self.connection, state=Change.State.UNPROCESSED, attempts__gt=0, record_id__in=ids
        ).order_by("pk")
        found: dict[str, dict[str, str | None]] = {}
        for change in unheard:
            found.setdefault(change.record_id, {}).update(self.layout.published(change.after, change.kind))
        return found

    def plan(self, tally: Tally) -> None:
        """Decide every account. Those left to other runs count as scored last, so that no segment looks empty."""
        tally.with_tier += sum(bool(state.current.get("tier")) for state in self.left)
        scores = Score.objects.filter(pk__in=[state.score_id for state in self.left], result__in_scope=True)
        tally.segments.update(filter(None, scores.values_list("result__segment", flat=True)))
        for row in self.scored:
            record_id = row["account_id"]
            state = self.states.get(record_id) or AccountState(connection_id=self.connection.pk, record_id=record_id)
            self.states[record_id] = state
            record = self.held[record_id]
            current = {role: values.stored(record.get(column)) for role, column in self.columns}
            planned, earlier = self._plan_one(state, row, current), state.current
            self._update(state, row, planned, current)
            self._count(state, row, planned, tally)
            planned = self.asking.put(
                state, planned, str(row.get("by_rule") or row["tier"] or ""), record.get(outputs.SAVED_BY) or ""
            )
            self.planned.append(planned)
            if planned.after and not planned.held_back:
                parent = record["parent_id"] or record_id
                self._change("account", record_id, planned.name, parent, planned.before, planned.after)
            self._attach(state, row, planned, earlier)

    def _replaceable(self, state: AccountState) -> dict[str, str | None]:
        """Values that are not ours and that we may replace: attempted ones, and decided overrides."""
        known = self.attempted.get(state.record_id, {})
        decided = self.decided.get(state.pk) if state.pk else None
        return known if decided is None else {**known, overriding.TIER: decided}

    def _count(self, state: AccountState, row: Row, planned: Planned, tally: Tally) -> None:
        tally.held_back += planned.held_back
        tally.kept_undone += len(planned.kept_undone)
        if row["in_scope"] and row["segment"]:
            tally.segments[row["segment"]] += 1
        tally.with_tier += bool(state.current.get("tier"))
        if not planned.after or planned.held_back:
            return
        for output in self.layout.outputs:
            name = output.names["value"]
            if output.policy == "fill" and name in planned.after:
                tally.filled[output.key] += 1
            if output.key == "tier" and name in planned.after:
                tally.move(values.text(planned.before[name]), values.text(planned.after[name]))

    def _plan_one(self, state: AccountState, row: Row, current: Mapping[str, values.Stored]) -> Planned:
        computed = {
            output.key: (row.get(output.key) or None) if row["in_scope"] and output.fed else None
            for output in self.layout.outputs
        }
        account = Account(
            record_id=state.record_id,
            name=self.held[state.record_id]["name"] or state.record_id,
            computed=computed,
            current={name: current[role] for role, name in self.layout.names.items()},
            written=state.written,
            attempted=self._replaceable(state),
            whys={key: row.get(f"{key}_why") for key in computed},
            reason=row["short_reason"] or "",
            since=_since(row) or "",
            refused=state.refused,
            undone={name: value for name, (value, model) in state.undone.items() if model == self.run.model_id},
            across=self.agreed.of(self.connection.pk, state.record_id),
        )
        return plan_account(account, self.layout.outputs, evaluate.as_of(self.run))

    def _update(self, state: AccountState, row: Row, planned: Planned, current: dict[str, values.Stored]) -> None:
        record = self.held[state.record_id]
        tier = (row["tier"] or "") if row["in_scope"] else ""
        since = _since(row)
        state.tier_since = date.fromisoformat(since) if tier and since else None
        state.tier = tier
        state.name = planned.name[:255]
        state.owner_record_id = record["owner_id"] or ""
        state.in_scope = bool(row["in_scope"])
        state.value_score = row["value_score"]
        state.current = current
        state.segment = str(state.current.get("segment") or row["segment"] or "")
        state.written = {**state.written, **planned.adopted}
        result = json.dumps(row, sort_keys=True)
        mark = hashlib.sha256(result.encode()).hexdigest()
        if self.marks.get(state.record_id) != mark:
            self.scores.append((state, self._score(state, row, result, mark)))

    def _score(self, state: AccountState, row: Row, result: str, mark: str) -> Row:
        """A new row of the score history, but for the id of its account."""
        return {
            "run_id": self.run.pk,
            "model_id": self.run.model_id,
            "calibration_id": self.run.calibration_id,
            "as_of": evaluate.as_of(self.run),
            "tier": state.tier,
            "tier_since": state.tier_since,
            "value_score": row["value_score"],
            "cost_to_serve": row["cost_to_serve"],
            "digest": mark,
            "result": Encoded(result),
        }

    def _change(
        self, kind: str, record_id: str, name: str, parent_id: str, before: Mapping[str, Scalar],
        after: Mapping[str, Scalar],
    ) -> None:  # fmt: skip
        row = {
            "run_id": self.run.pk,
            "connection_id": self.connection.pk,
            "kind": kind,
            "record_id": record_id,
            "record_name": name[:255],
            "parent_id": parent_id,
            "before": values.stored_all(before),
            "after": values.stored_all(after),
        }
        self.changes.append(row)

    def _attach(self, state: AccountState, row: Row, planned: Planned, earlier: Mapping[str, Any]) -> None:
        """Plan the account's detail record and opportunities."""
        known = self.attempted.get(state.record_id, {})
        row = {**row, "problem": self._problem(state)} if planned.held_back else row
        as_of = evaluate.as_of(self.run)
        for found in self.attached.plan(state, row, planned, earlier, as_of, self.run.model_id, known):
            self.edits += [(state.record_id, edit) for edit in found.edits]
            refused = state.written.get(refused_key(found.kind, found.record_id))
            if found.after and refused != digest(found.before, found.after):
                self._change(found.kind, found.record_id, found.name, state.record_id, found.before, found.after)

    def _problem(self, state: AccountState) -> str | None:
        """What the CRM said when it refused this change, which is not sent again."""
        refused = Change.objects.filter(
            connection=self.connection, kind="account", record_id=state.record_id, state=Change.State.REJECTED
        )
        found = refused.order_by("-pk").first()
        return found.message[:255] if found else None

    def save(self) -> None:
        """Record all of it; to be called inside a transaction."""
        self._save_states()
        self.asking.save()
        now = timezone.now()
        insert(Score, [{**row, "account_id": state.pk, "created_at": now} for state, row in self.scores])
        newest = Score.objects.filter(account=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        scored = AccountState.objects.filter(pk__in=[state.pk for state, _ in self.scores])
        scored.update(score=Subquery(newest))
        insert(Change, self.changes)
        self._save_requests()

    def _save_states(self) -> None:
        known = [state for state in self.states.values() if state.pk is not None]
        update([state for state in known if _facts(state) != self.before[state.record_id]], _FACTS)
        AccountState.objects.filter(pk__in=[state.pk for state in known]).update(seen_in=self.run)
        fresh = [state for state in self.states.values() if state.pk is None]
        for state in fresh:
            state.seen_in_id = self.run.pk
        insert(AccountState, [vars(state) for state in fresh])
        mine = AccountState.objects.filter(connection=self.connection, record_id__in=[each.record_id for each in fresh])
        for record_id, pk in mine.values_list("record_id", "pk"):
            self.states[record_id].pk = pk

    def _save_requests(self) -> None:
        requested = [
            *((planned.record_id, request) for planned in self.planned for request in planned.overrides),
            *self.edits,
        ]
        wanted = {(self.states[record_id].pk, request.output): request for record_id, request in requested}
        accounts = [state.pk for state in self.states.values()]
        override_requests.record(self.run, accounts, wanted)
        override_requests.note_replaced(self.decided, self._tiers())
        units = [row for row in self.scored if row.get("scored_under") in (None, row["account_id"])]
        rows = [(self.states[row["account_id"]], row) for row in units]
        reviewing.note(self.run, evaluate.as_of(self.run), rows)

    def _tiers(self) -> dict[int, str]:
        """Tier per account in the CRM once what is planned is written."""
        name = self.layout.names["tier"]
        found = {state.pk: values.text(state.current.get("tier")) or "" for state in self.states.values()}
        for planned in self.planned:
            if name in planned.after and not planned.held_back:
                found[self.states[planned.record_id].pk] = values.text(planned.after[name]) or ""
        return found


_FACTS = (
    "name",
    "owner_record_id",
    "in_scope",
    "tier",
    "tier_since",
    "segment",
    "value_score",
    "current",
    "written",
)
#: What a plan may change of an account; its values are replaced, never changed in place.
_facts = attrgetter(*_FACTS)
