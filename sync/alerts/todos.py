"""One open task for each person in the CRM, whose text is what is open for him; completed when nothing is.

`keep` notes in the transaction of a run what each task ought to say; `send` brings the CRM to it afterwards, like any
other message. A task that its person has completed or deleted stays so until something new is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Max

from sync import crms
from sync.alerts import attempts, digest
from sync.alerts.channels.crm_task import CrmTask
from sync.models import Alert, Finding, Portfolio, Todo


def keep(portfolio: Portfolio) -> None:
    """Note what has to be done so that everybody's task says what is open for him."""
    wanted = dict(_wanted(portfolio))
    running = Todo.objects.select_for_update(of=("self",)).filter(owner__portfolio=portfolio, ended="")
    known = {todo.owner_id: todo for todo in running}
    for owner, todo in known.items():
        content = wanted.get(owner, "")
        if todo.wanted != content or todo.state == Todo.State.FAILED:
            _renew(todo, content)
    finished = _finished(portfolio)
    Todo.objects.bulk_create(
        (
            Todo(owner_id=owner, key=f"TL-{uuid4().hex[:12]}", wanted=content)
            for owner, content in wanted.items()
            if owner not in known and (owner not in finished or _newest(owner) > finished[owner])
        ),
        ignore_conflicts=True,  # another run may have noted the same at this moment
    )


def _wanted(portfolio: Portfolio) -> Iterator[tuple[int, str]]:
    """Each user of the CRM who has something open, with a fingerprint of what that is."""
    found = (
        Finding.objects.filter(
            state__in=Finding.WAITING, alert__state=Alert.State.OPEN, alert__owner__portfolio=portfolio
        )
        .exclude(alert__owner__record_id="")
        .order_by("alert__owner", "pk")
        .values_list("alert__owner", "pk", "alert", "due_on", "message")
    )
    owner, content = 0, hashlib.sha256()
    for person, *facts in found.iterator():
        if person != owner:
            if owner:
                yield owner, content.hexdigest()
            owner, content = person, hashlib.sha256()
        content.update(repr(facts).encode())
    if owner:
        yield owner, content.hexdigest()


def _renew(todo: Todo, content: str) -> None:
    """Have the task brought to this; one that waits goes on waiting, so that no attempt is forgotten."""
    found = Todo.objects.filter(pk=todo.pk)
    if todo.state == Todo.State.PENDING:
        found.update(wanted=content)
    else:
        found.update(wanted=content, state=Todo.State.PENDING, attempts=0, not_before=None, error="")


def _finished(portfolio: Portfolio) -> Mapping[int, datetime]:
    """People who ended their task themselves, and when it was last brought up to date."""
    ended = Todo.objects.filter(owner__portfolio=portfolio, ended=Todo.Ended.BY_PERSON)
    return dict(ended.order_by().values_list("owner").annotate(Max("sent_at")))


def _newest(owner: int) -> datetime:
    """When the newest finding of a person was opened; he has some."""
    found = Finding.objects.filter(alert__owner=owner, alert__state=Alert.State.OPEN, state__in=Finding.WAITING)
    newest: datetime = found.aggregate(at=Max("opened_at"))["at"]
    return newest


def send(todo: Todo, now: datetime) -> None:
    """Bring the CRM to what the task ought to say, once, and record what became of it."""

    def bring() -> None:
        alerts = digest.unsolved(Alert.objects.filter(owner=todo.owner))
        if not alerts and not todo.tried:
            todo.ended = Todo.Ended.DONE
            raise attempts.Needless
        _bring(todo, alerts, now)
        todo.content = todo.wanted

    brought_at = todo.sent_at or todo.created_at
    failure = attempts.attempt(todo, bring, now, ("reference", "content", "ended"))
    mine = Todo.objects.filter(pk=todo.pk)
    if failure is not None and failure.permanent and not todo.reference:
        mine.update(tried=False)  # the CRM said clearly that there is none
    if todo.ended == Todo.Ended.BY_PERSON:
        with transaction.atomic():
            mine.update(sent_at=brought_at)  # what was found since stands in no task yet
            keep(todo.owner.portfolio)
    # Something else may have been found while this was on its way.
    stale = mine.filter(state=Todo.State.SENT, ended="").exclude(content=F("wanted"))
    stale.update(state=Todo.State.PENDING, attempts=0, not_before=None)


def _bring(todo: Todo, alerts: list[Alert], now: datetime) -> None:
    connection = todo.owner.connection
    if connection is None:
        raise attempts.Needless
    task = CrmTask(crms.open_crm(connection))
    first = not todo.tried
    if first:
        todo.tried = True
        Todo.objects.filter(pk=todo.pk).update(tried=True)
    message = (
        digest.compose(todo.key, todo.owner, alerts, now, digest.Told(), first_attempt=first)
        if alerts
        else digest.nothing_left(todo.key, todo.owner, now)
    )
    if not todo.reference:
        todo.reference = task.send(message)
        if alerts:
            return
    if not task.change(todo.reference, message, done=not alerts):
        todo.ended = Todo.Ended.BY_PERSON
    elif not alerts:
        todo.ended = Todo.Ended.DONE
