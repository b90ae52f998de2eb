"""A person's answer to findings: kept as a run of its own before anything is asked of the CRM.

Being a run, it is written by the same outbox as everything, survives a kill, and can be undone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils import timezone

from sync import audit, outputs
from sync.fixing import choices
from sync.models import AccountState, Connection, Delivery, Portfolio, Run, UsedLink

#: Records in one answer, and seconds a person waits for it before the workers go on with it.
MOST = 500
PATIENCE = 15.0
Via = Literal["link", "console", "file", "card"]


class Refused(ValueError):
    """An answer that cannot be; the message says why and what to do."""


class AlreadyUsed(Refused):
    """The link was used before."""


@dataclass(frozen=True)
class Answerer:
    """Who answers: a user of the CRM, by record id. `login`: who typed it, where that is another name."""

    user_id: str
    name: str
    email: str
    via: Via
    login: str = ""


@dataclass(frozen=True)
class Answer:
    """Values chosen for one account, by field; `seen` is what the person was shown there before."""

    connection: int
    record_id: str
    values: Mapping[str, str]
    seen: Mapping[str, str]


@dataclass(frozen=True)
class Link:
    """The link that was used: of which message, and what for."""

    delivery: Delivery
    about: str


def answer(portfolio: Portfolio, who: Answerer, answers: Sequence[Answer], link: Link | None = None) -> Run:
    """Record what a person chose, as a run that `finish` or any worker carries out.

    Raises Refused, and AlreadyUsed for a link that has been used.
    """
    model = portfolio.model_in_force()
    if model is None:
        raise Refused("There is no model yet, so there is no list to choose from.")
    if not answers:
        raise Refused("Nothing was chosen.")
    if len(answers) > MOST:
        raise Refused(f"These are {len(answers):,} records; answer at most {MOST} at a time.")
    for each in answers:
        _check(outputs.model(model), each)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                portfolio=portfolio,
                kind=Run.Kind.ANSWER,
                step=Run.Step.PLAN,
                model=model,
                requested_by=who.name[:150],
                today=timezone.localdate(),
                scope={"who": asdict(who), "answers": [asdict(each) for each in answers]},
            )
            if link is not None:
                use(link, run)
            told = {"via": who.via, "email": who.email, "login": who.login, "answers": run.scope["answers"]}
            audit.note(portfolio, who.name, "findings answered", str(run), **told)
    except IntegrityError as error:
        raise AlreadyUsed("This link has been used already.") from error
    return run


def _check(model: Any, given: Answer) -> None:
    """Only values of the model's list, and only pairs that belong together."""
    field = next((name for name in choices.CHOSEN if name in given.values), "")
    if not field or set(given.values) != set(choices.fields_of(model, field)):
        raise Refused("These are no values that people choose.")
    if choices.of_values(model, field, given.values, given.seen) is None:
        raise Refused("The values chosen are not in the model's list, or do not belong together.")


def use(link: Link, run: Run | None) -> None:
    """Spend the link. One whose answer reached no record is given back first. Raises IntegrityError for one spent."""
    for used in UsedLink.objects.filter(delivery=link.delivery, about=link.about).select_related("run"):
        if not is_spent(used.run):
            used.delete()
    UsedLink.objects.create(delivery=link.delivery, about=link.about, run=run)


def is_spent(run: Run | None) -> bool:
    """Whether an answer is at work or has reached a record: a link that led to it is used up. None: other words."""
    if run is None:
        return True
    state = run.changes.model.State
    return run.state == Run.State.ACTIVE or run.changes.filter(state__in=(state.VERIFIED, state.DRIFTED)).exists()


def finish(run: Run) -> Run:
    """Carry an answer out while the person waits. What takes longer is left to the workers, which find it."""
    from sync import jobs  # a page that only shows what can be chosen does not need all this

    end = time.monotonic() + PATIENCE
    while jobs.work(run.pk) and time.monotonic() < end:
        pass
    run.refresh_from_db()
    return run


def answerer(connection: Connection, email: str, via: Via, login: str = "") -> Answerer:
    """The active user of the CRM with this address. Raises Refused."""
    from sync.alerts import ways

    address = email.strip().lower()
    if not address:
        raise Refused(
            "Your login has no e-mail address, so nobody knows which user of the CRM you are. "
            "Ask your administrator: tierline user add YOU --email ADDRESS"
        )
    found = [each for each in ways.users(connection).values() if each.email.lower() == address and each.is_active]
    if not found:
        raise Refused(
            f"No active user of {connection} has the e-mail address {email}. "
            "Only people who may edit a record in the CRM can change it here."
        )
    person = min(found, key=lambda each: each.record_id)
    return Answerer(person.record_id, person.name, person.email, via, login)


def reader(delivery: Delivery) -> Answerer:
    """The person a message went to. Raises Refused for somebody who is no user of the CRM."""
    owner = delivery.owner
    if not owner.record_id:
        raise Refused(f"{owner.name} is no user of the CRM, and only people who may edit a record there can change it.")
    return Answerer(owner.record_id, owner.name, owner.email, "link")


def held(state: AccountState) -> dict[str, str]:
    """What an account holds of what people choose, as we know it."""
    return {field: str(state.current.get(field) or "") for field in choices.CHOSEN}
