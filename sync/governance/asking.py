"""What people ask for in records: taken up by a run, brought before whoever decides, and answered in the record.

A run that finds a request keeps it, and plans one change that empties its fields and writes the answer. Until that
change has arrived the same words in the record are the same request; afterwards they are a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from connectors.edits import TellsEdits
from connectors.rights import TellsRights
from sync import audit, crms
from sync.alerts import notices, ways
from sync.alerts.routing import Person
from sync.fixing import deciding
from sync.fixing.answering import Answer as Chosen
from sync.fixing.answering import Answerer
from sync.governance import judging, overriding, requests
from sync.governance.judging import Record, Verdict
from sync.governance.requests import Asked
from sync.models import AccountState, Change, Confirmation, Connection, Override, Request, Run
from sync.outputs import Layout
from sync.plan import Planned, digest
from sync.values import Stored, text

#: Fields of overrides that requests lead to.
_FIELDS = (overriding.TIER, overriding.REMARK)
_ARRIVED = (Change.State.VERIFIED, Change.State.DRIFTED, Change.State.SENT)
State = Request.State


class Asking:
    """The requests of some accounts of one connection, in one run."""

    def __init__(self, run: Run, connection: Connection, layout: Layout, accounts: Sequence[int]) -> None:
        self.run = run
        self.connection = connection
        self.layout = layout
        self.is_on = requests.REQUEST in layout.names
        self.calls = 0
        self._taken: list[tuple[AccountState, Request, Override | None]] = []
        self._withdrawn: list[int] = []
        self._known: dict[int, list[Request]] = {}
        self._open: dict[int, Override] = {}
        self._people: dict[str, Person] | None = None
        if self.is_on and accounts:
            for request in Request.objects.filter(account__in=accounts).select_related("override").order_by("pk"):
                self._known.setdefault(request.account_id, []).append(request)
            waiting = Override.objects.filter(account__in=accounts, state=Override.State.REQUESTED, field__in=_FIELDS)
            self._open = {
                each.account_id: each for each in waiting if each.field == overriding.TIER or each.requested_by
            }

    def put(self, state: AccountState, planned: Planned, computed: str, saved_by: str) -> Planned:
        """The planned change with what the account's request needs. `computed`: the tier by rule."""
        if not self.is_on:
            return planned
        names, after = self.layout.names, dict(planned.after)
        known = list(self._known.get(state.pk or 0, ()))
        asked = requests.asked(state.current)
        if asked is not None:
            if self._is_new(state, asked, known):
                made, chosen = self._take(state, asked, computed, saved_by, known)
                known += [made] if made else []
                after |= chosen
            state.written = {**state.written, requests.MARK: asked.mark}
            after |= {names[role]: None for role in requests.ASKED}
        if known:
            answer = self._answer(_shown(known))
            after |= {names[role]: value for role, value in answer.fields().items()}
        current = {name: state.current.get(role) for role, name in names.items()}
        after = {name: value for name, value in after.items() if current.get(name) != value}
        if after == planned.after:
            return planned
        before = {name: current.get(name) for name in after}
        held = bool(after) and bool(state.refused) and state.refused == digest(before, after)
        return replace(planned, before=before, after=after, held_back=held)

    def _is_new(self, state: AccountState, asked: Asked, known: list[Request]) -> bool:
        """Whether this has not been taken up yet; also a confirmed value that a person's edit kept from arriving."""
        if state.written.get(requests.MARK) != asked.mark:
            return True
        latest = next((each for each in reversed(known) if each.mark == asked.mark), None)
        if latest is None or not latest.field or latest.run_id in (None, self.run.pk):
            return False
        change = Change.objects.filter(run=latest.run_id, kind="account", record_id=state.record_id).first()
        if change is None or change.state in _ARRIVED:
            return False
        if change.state == Change.State.REJECTED:
            latest.state, latest.answer = State.REFUSED, f"The CRM refused it: {change.message}"[:1000]
            latest.save(update_fields=["state", "answer"])
            return False
        return True

    def _take(
        self, state: AccountState, asked: Asked, computed: str, saved_by: str, known: list[Request]
    ) -> tuple[Request | None, dict[str, Stored]]:
        """Keep a request: its row, unless it waits in these words already; and values that it confirms, by API name."""
        if any(_waits(each) and each.mark == asked.mark for each in known):
            return None, {}
        mark = asked.mark
        if not saved_by and (author := self._author(state)) is not None:
            saved_by, asked = author, replace(asked, by="")
        record = self._record(state, asked, saved_by, known)
        verdict, who = judging.judge(asked, record), judging.person(asked, record)
        made = Request(
            account=state,
            mark=mark,
            kind=asked.kind[:40],
            by=who.name[:160] if who else "",
            by_id=who.record_id[:80] if who else asked.by[:80],
            email=who.email if who else "",
            told=judging.told(asked, record)[:600],
            state=_STATES[verdict.outcome],
            answer=verdict.why[:1000],
            run=self.run,
            on=self.run.today,
        )
        override, chosen = None, {}
        if verdict.outcome in ("remark", "override", "withdrawn"):
            self._withdraw(made.by, known)
        if verdict.outcome in ("remark", "override"):
            override = self._override(state, asked, verdict, made, computed)
            made.override = override
        if verdict.outcome == "value" and who:
            made.field, made.value = requests.CONFIRMS[asked.kind], verdict.value
            chosen = self._chosen(state, made)
        self._taken.append((state, made, override))
        return made, chosen

    def _author(self, state: AccountState) -> str | None:
        """The user who wrote the request, "" for none; None where the CRM does not keep who wrote a field."""
        crm = crms.open_crm(self.connection, self.run)
        if not isinstance(crm, TellsEdits):
            return None
        name = self.layout.names[requests.REQUEST]
        edit = crm.last_edits("account", {state.record_id: [name]}).get((state.record_id, name))
        self.calls += crms.calls_since_last(crm)
        if edit is None:
            return ""
        return edit.user if edit.of_field else None

    def _withdraw(self, name: str, known: list[Request]) -> None:
        """What this person asked before gives way to what is asked now."""
        for each in known:
            if each.by == name and _waits(each) and each.override is not None:
                self._withdrawn.append(each.override.pk)
                each.override.state, each.state = Override.State.WITHDRAWN, State.WITHDRAWN

    def _override(self, state: AccountState, asked: Asked, verdict: Verdict, made: Request, computed: str) -> Override:
        is_tier = verdict.outcome == "override"
        return Override(
            account=state,
            field=overriding.TIER if is_tier else overriding.REMARK,
            value=verdict.value if is_tier else made.told[:255],
            computed=computed,
            reason=asked.reason if asked.reason in self.layout.model.overrides.reasons else "",
            comment=asked.comment,
            requested_by=overriding.login_of(made.email) or made.by[:150],
            run=self.run,
        )

    def _chosen(self, state: AccountState, made: Request) -> dict[str, Stored]:
        """The confirmed value with who vouches for it; below another segment, the sub-segment goes with it."""
        outputs = {output.key: output for output in self.layout.outputs}
        values = {made.field: made.value or None}
        if made.field == "segment" and made.value != text(state.current.get("segment")):
            below = text(state.current.get("sub_segment_suggestion"))
            fits = {
                sub.key for each in self.layout.model.segments if each.key == made.value for sub in each.sub_segments
            }
            values["sub_segment"] = below if below in fits else None
        after: dict[str, Stored] = {}
        for key, value in values.items():
            names = outputs[key].names
            after[names["value"]] = value
            if "source" in names:
                after[names["source"]] = deciding.confirmed_by(made.by) if value else None
                after[names["date"]] = made.on.isoformat() if value else None
            if "suggestion" in names:
                after[names["suggestion"]] = None
        return after

    def _record(self, state: AccountState, asked: Asked, saved_by: str, known: list[Request]) -> Record:
        if self._people is None:
            self._people = ways.users(self.connection)
        record = Record(self.layout, state.current, saved_by, self._people, self._waiting(state, known))
        who = judging.person(asked, record)
        key = requests.CONFIRMS.get(asked.kind)
        if key is None or who is None:
            return record
        return replace(record, lacking={key: self._lacking(state, who, key)})

    def _waiting(self, state: AccountState, known: list[Request]) -> str:
        """Who asked for what waits for a decision on this account."""
        found = self._open.get(state.pk or 0)
        if found is None:
            return ""
        made = next((each for each in known if each.override_id == found.pk), None)
        return made.by if made else found.requested_by or "Somebody who changed the tier in the CRM"

    def _lacking(self, state: AccountState, who: Person, key: str) -> str:
        """The right that this person lacks for the value, and how to get it; "" where the CRM does not tell."""
        crm = crms.open_crm(self.connection, self.run)
        names = {output.key: output.names["value"] for output in self.layout.outputs}
        if not isinstance(crm, TellsRights):
            return ""  # who could write the request could write the record
        rights = crm.rights(who.record_id, "account", [state.record_id], [names[key]])
        self.calls += crms.calls_since_last(crm)
        facts = deciding.Facts(
            layout=self.layout,
            who=Answerer(who.record_id, who.name, who.email, "card"),
            held={},
            rights=rights,
            fields={},
            administrator=ways.administrator(self.connection, {}, self.layout.model).name,
            today=self.run.today,
            names={state.record_id: state.name},
        )
        return " ".join(deciding.lacking(Chosen(self.connection.pk, state.record_id, {key: ""}, {}), facts) or ())

    def _answer(self, request: Request) -> requests.Answer:
        """Where a request stands now."""
        said = requests.Answer("", request.told, "Tierline", request.answer, request.on.isoformat())
        override = request.override
        if request.state in (State.ACCEPTED, State.REFUSED):
            return replace(said, state=request.state)
        if request.state == State.WITHDRAWN or override is None or override.state == Override.State.WITHDRAWN:
            return said
        if override.state == Override.State.REQUESTED:
            return replace(said, state="waiting", who=overriding.approvers(override, self.layout.model))
        decided = timezone.localtime(override.decided_at).date() if override.decided_at else request.on
        state = State.REFUSED if override.state == Override.State.REJECTED else State.ACCEPTED
        who = overriding.called(override.decided_by) or "Tierline"
        return replace(said, state=state, who=who, answer=override.decision, date=decided.isoformat())

    def save(self) -> None:
        """Record what was taken up; inside the transaction of the plan, once every account has its row."""
        Override.objects.filter(pk__in=self._withdrawn, state=Override.State.REQUESTED).update(
            state=Override.State.WITHDRAWN
        )
        Request.objects.filter(override__in=self._withdrawn).update(state=State.WITHDRAWN)
        for state, made, override in self._taken:
            if override is not None:
                override.account_id = state.pk
                override.save()
                made.override = override
            made.account_id = state.pk
            made.save()
            if override is not None:
                users = overriding.deciders(override, self.layout.model)
                notices.asked(override, made.told, sorted({user.email for user in users if user.email}))
            audit.note(
                self.run.portfolio, made.by or "somebody in the CRM", "asked in the CRM", str(state),
                request=made.pk, kind=made.kind, told=made.told, state=made.state,
            )  # fmt: skip


_STATES = {
    "refused": State.REFUSED,
    "accepted": State.ACCEPTED,
    "value": State.ACCEPTED,
    "remark": State.WAITING,
    "override": State.WAITING,
    "withdrawn": State.WITHDRAWN,
}


def _waits(request: Request) -> bool:
    override = request.override
    return request.state == State.WAITING and override is not None and override.state == Override.State.REQUESTED


def _shown(known: Sequence[Request]) -> Request:
    """The newest; a confirmed value, which shows by itself, does not take the place of one that waits."""
    newest = known[-1]
    if newest.field and newest.state == State.ACCEPTED:
        return next((each for each in reversed(known) if _waits(each)), newest)
    return newest


def note_confirmed(run: Run) -> None:
    """People vouch for the values that they confirmed in this run's records and that were read back."""
    made = Request.objects.filter(run=run, state=State.ACCEPTED).exclude(field="").select_related("account")
    for request in made:
        verified = run.changes.filter(
            connection=request.account.connection_id, kind="account", record_id=request.account.record_id,
            state=Change.State.VERIFIED,
        )  # fmt: skip
        if verified.exists():
            Confirmation.objects.get_or_create(
                run=run, account=request.account, field=request.field,
                defaults={"value": request.value, "by": request.by, "email": request.email, "via": "card"},
            )  # fmt: skip
