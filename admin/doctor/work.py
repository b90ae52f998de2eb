"""A portfolio and its work: model, CRMs, mirror, runs, messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from admin import portfolios, preflight, schema
from admin.cli.output import Stop
from admin.doctor.line import Line
from connectors.errors import ConnectorError
from scoring.model import ModelError
from sync import crms, mirror, outputs, vault
from sync.alerts import due
from sync.models import Connection, Delivery, Notice, Portfolio, Run, Todo

#: A run that nobody has touched for so long stands still; a message that is due for so long is not being sent.
STILL, WAITING = timedelta(minutes=10), timedelta(hours=1)
#: Share of the org's API calls from which others are likely to be refused.
NEARLY_ALL = 0.9


def of(portfolio: Portfolio) -> Iterator[Line]:
    """Everything about one portfolio."""
    model = _model(portfolio)
    yield model
    connected = list(portfolio.crms())
    if not connected:
        yield Line("CRM", wrong=f"{portfolio} has no CRM.", mend="tierline connection add NAME --help")
    for connection in connected:
        yield from _crm(connection, with_model=not model.wrong)
    yield _mirror(portfolio)
    yield _runs(portfolio)
    yield _messages(portfolio)


def _model(portfolio: Portfolio) -> Line:
    published = portfolio.model_in_force()
    if published is None:
        wrong = f"{portfolio} has no published model, so nothing can be scored."
        return Line("model", wrong=wrong, mend="tierline model publish FILE")
    try:
        outputs.model(published)
    except ModelError as error:
        wrong = f"The model in force cannot be read by this version: {error}"
        return Line("model", wrong=wrong, mend="Correct its file, then: tierline model publish FILE")
    return Line("model", f"version {published}, published {published.published_at:%Y-%m-%d}")


def _crm(connection: Connection, *, with_model: bool) -> Iterator[Line]:
    """Whether it knows us, lets us do our work, and has our fields."""
    what = str(connection)
    try:
        identity = portfolios.check(connection)
        limits = crms.open_crm(connection).limits()
        found = preflight.look(connection) if with_model else None
    except (ConnectorError, Stop) as error:
        yield Line(what, wrong=error.message, mend=error.next_step or f"tierline connection test {what}")
        return
    except vault.VaultLocked as error:
        yield Line(what, wrong=str(error), mend=f"tierline connection reconnect {what}")
        return
    used = f"{limits.used:,} of {limits.allowed:,} API calls used"
    if limits.allowed and limits.used >= NEARLY_ALL * limits.allowed:
        yield Line(what, wrong=f"{used}: runs pause until calls are free.", mend="See what else calls this CRM")
    else:
        yield Line(what, f"{identity.org_name} as {identity.user_name}, {used}")
    for each in found.missing if found else ():
        yield Line(what, wrong=f"'{each.permission}' is missing, needed for {each.purpose}.", mend=each.next_step)
    if with_model:
        yield _fields(connection)


def _fields(connection: Connection) -> Line:
    what = f"{connection} fields"
    if not connection.installed:
        return Line(what, wrong="The fields are not in the CRM yet.", mend=f"tierline schema plan {connection}")
    try:
        differences = schema.drift(connection)
    except ConnectorError as error:
        return Line(what, wrong=error.message, mend=error.next_step)
    if differences:
        more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
        return Line(what, wrong=f"{differences[0]}{more}", mend=f"tierline schema plan {connection}")
    return Line(what, "as the model has them")


def _mirror(portfolio: Portfolio) -> Line:
    if not portfolio.runs.filter(state=Run.State.DONE).exclude(kind__in=(Run.Kind.UNDO, Run.Kind.ANSWER)).exists():
        return Line("mirror", "nothing has been read yet")
    try:
        with mirror.reading(portfolio.pk) as tables:
            return Line("mirror", f"whole, {len(tables)} kinds of records")
    except ConnectorError as error:
        return Line("mirror", wrong=error.message, mend=error.next_step or "tierline run")


def _runs(portfolio: Portfolio) -> Line:
    now = timezone.now()
    runs = Run.objects.filter(portfolio=portfolio)
    resting = Q(not_before__gt=now)
    still = runs.filter(state=Run.State.ACTIVE, touched_at__lt=now - STILL).exclude(resting).first()
    if still:
        minutes = (now - still.touched_at).total_seconds() / 60
        return Line("runs", wrong=f"{still} has stood still for {minutes:.0f} minutes.", mend="tierline up")
    if held := runs.filter(state=Run.State.HELD).order_by("-pk").first():
        reason = held.held[0]["message"] if held.held else "the model asks for it."
        return Line("runs", wrong=f"{held} waits for approval: {reason}", mend=f"tierline run show {held.pk}")
    last = runs.exclude(state=Run.State.ACTIVE).order_by("-pk").first()
    if last and last.state == Run.State.FAILED:
        return Line("runs", wrong=f"{last} failed: {last.error}", mend=last.next_step or f"tierline run show {last.pk}")
    if last is None:
        return Line("runs", "none yet; start one: tierline run")
    return Line("runs", f"{last} {last.get_state_display()}")


def _messages(portfolio: Portfolio) -> Line:
    before = timezone.now() - WAITING
    waiting = [due.notices(portfolio), due.deliveries(portfolio), due.todos(portfolio)]
    moments = [each.created_at for rows in waiting for each in rows.filter(created_at__lt=before)[:1]]
    if moments:
        count = sum(rows.filter(created_at__lt=before).count() for rows in waiting)
        wrong = f"{count:,} due and not sent, the oldest of {min(moments):%Y-%m-%d %H:%M} UTC."
        return Line("messages", wrong=wrong, mend="tierline up; see why: tierline alerts deliveries --state pending")
    theirs = Q(owner__portfolio=portfolio, state="failed")
    lost = Delivery.objects.filter(theirs).count() + Todo.objects.filter(theirs).count()
    lost += Notice.objects.filter(portfolio=portfolio, state="failed").count()
    if lost:
        wrong = f"{lost:,} could not be delivered."
        return Line("messages", wrong=wrong, mend="tierline alerts deliveries --state failed")
    return Line("messages", "none is late")
