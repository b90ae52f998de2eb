"""First step of an answer: what the person may do and what stands in the CRM now, then the changes to send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db import IntegrityError, transaction

from connectors.base import Crm, Scalar
from connectors.errors import Unavailable
from connectors.rights import TellsRights
from sync import crms, lease, outputs, values
from sync.alerts import ways
from sync.fixing.answering import Answer, Answerer
from sync.fixing.deciding import Decided, Facts, decide, touched
from sync.models import AccountState, Change, Connection, Run
from sync.plan import Planned
from sync.reading import dirty
from sync.writing.attached import Attached


def asked(run: Run) -> tuple[Answerer, list[Answer]]:
    """Who answered what."""
    return Answerer(**run.scope["who"]), [Answer(**each) for each in run.scope["answers"]]


def advance(run: Run, token: str) -> bool:
    """Plan all of the answer: the rights of the person are asked right before it is sent."""
    who, answers = asked(run)
    calls = run.api_calls
    for connection in run.portfolio.crms():
        mine = [each for each in answers if each.connection == connection.pk]
        if mine:
            calls += _plan(run, token, connection, who, mine)
    progress = {"done": len(answers), "total": len(answers), "note": "records"}
    lease.record(run.pk, token, progress={**run.progress, "plan": progress}, api_calls=calls)
    return False


def _plan(run: Run, token: str, connection: Connection, who: Answerer, answers: Sequence[Answer]) -> int:
    """Write down the changes of one connection; returns the API calls that took."""
    crm = crms.open_crm(connection, run)
    ids = [each.record_id for each in answers]
    states = {state.record_id: state for state in AccountState.objects.filter(connection=connection, record_id__in=ids)}
    facts = _facts(run, connection, crm, who, answers, states)
    decided = {each.record_id: decide(each, facts) for each in answers}
    to_send = [record_id for record_id, each in decided.items() if each.state == Change.State.PLANNED]
    rows = [
        Change(
            run=run,
            connection=connection,
            kind="account",
            record_id=record_id,
            record_name=facts.names.get(record_id, record_id),
            parent_id=record_id,
            before=dict(each.before),
            after=dict(each.after),
            state=each.state,
            code=each.code,
            message=each.message[:1000],
            next_step=each.next_step[:500],
        )
        for record_id, each in decided.items()
    ]
    rows += _deals(run, connection, facts.layout, states, {key: decided[key] for key in to_send})
    try:
        with transaction.atomic():
            lease.record(run.pk, token)
            run.changes.filter(connection=connection).delete()
            _take_over(run, connection, who, to_send)
            Change.objects.bulk_create(rows, batch_size=500)
            _note_held(facts, decided, states)
    except IntegrityError as error:
        raise Unavailable(
            "Tierline is writing one of these accounts at this moment.", next_step="It is tried again by itself."
        ) from error
    return crms.calls_since_last(crm)


def _facts(
    run: Run, connection: Connection, crm: Crm, who: Answerer, answers: Sequence[Answer],
    states: Mapping[str, AccountState],
) -> Facts:  # fmt: skip
    layout = outputs.layout(run.model, connection)
    ids = [each.record_id for each in answers]
    fields = sorted({name for each in answers for name in touched(layout, each)})
    chosen = sorted({each.names["value"] for each in layout.outputs if any(each.key in a.values for a in answers)})
    rights = crm.rights(who.user_id, "account", ids, chosen) if isinstance(crm, TellsRights) else None
    return Facts(
        layout=layout,
        who=who,
        held=crm.fetch("account", ids, fields),
        rights=rights,
        fields=crm.describe("account"),
        administrator=ways.administrator(connection, {}, layout.model).name,
        today=run.today,
        names={record_id: state.name for record_id, state in states.items()},
    )


def _take_over(run: Run, connection: Connection, who: Answerer, ids: Sequence[str]) -> None:
    """What another run had planned for these accounts and not begun to send gives way; it is planned anew soon."""
    waiting = Change.objects.filter(
        connection=connection, kind="account", record_id__in=ids, state=Change.State.PLANNED
    ).exclude(run=run)
    planned = set(waiting.values_list("record_id", flat=True))
    waiting.update(
        state=Change.State.SUPERSEDED,
        message=f"{who.name} chose a value for this account while the run was at work."[:1000],
        next_step="Nothing to do: the account is looked at again by the next run.",
    )
    dirty.mark(connection, planned, f"an answer of {who.name} took the place of a planned change")


def _note_held(facts: Facts, decided: Mapping[str, Decided], states: Mapping[str, AccountState]) -> None:
    """What was found changed in the CRM is what people are shown from now on."""
    roles = {name: role for role, name in facts.layout.names.items()}
    for record_id, each in decided.items():
        state = states.get(record_id)
        if each.state == Change.State.SUPERSEDED and state is not None:
            found = {roles[name]: value for name, value in each.before.items() if name in roles}
            state.current = state.current | found
            state.save(update_fields=["current"])


def _deals(
    run: Run, connection: Connection, layout: outputs.Layout, states: Mapping[str, AccountState],
    decided: Mapping[str, Decided],
) -> Iterator[Change]:  # fmt: skip
    """Open deals that carry these values follow their account, as they do when a run writes it."""
    if not layout.carried:
        return
    for record_id, each in decided.items():
        state = states.get(record_id)
        if state is None:
            continue
        after: dict[str, Scalar] = dict(each.after)
        planned = Planned(record_id, state.name, dict(each.before), after)
        attached = Attached.read(run, layout, connection.name, [record_id])
        for deal in attached.deals(state, planned, state.current, run.model_id):
            yield Change(
                run=run,
                connection=connection,
                kind=deal.kind,
                record_id=deal.record_id,
                record_name=deal.name[:255],
                parent_id=record_id,
                before=values.stored_all(deal.before),
                after=values.stored_all(deal.after),
            )
