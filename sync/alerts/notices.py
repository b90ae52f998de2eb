"""Mails about the product itself, to the administrator: a run that waits or failed, a CRM that has to be reconnected.

And to those who hear of what lies with somebody else.

They are written down in the transaction that changes the run, and sent by the scheduler until they are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from connectors.errors import AuthRevoked
from sync.alerts import administrator, attempts, rhythms
from sync.alerts.channels.base import DeliveryError
from sync.models import Connection, Destination, Finding, Notice, Override, Owner, Portfolio, Run

#: Findings and alerts named in one mail.
LISTED = 25


def held(run: Run) -> None:
    """Tell that a run waits for approval, and why."""
    reasons = "\n\n".join(f"- {reason['message']}\n  {reason['next_step']}" for reason in run.held)
    _note(
        run,
        "held",
        f"{run} of {run.portfolio} waits for your approval",
        f"Nothing more of {run} is sent to the CRM until somebody decides. Why it waits:\n\n{reasons}\n\n"
        f"See the list, approve it, leave a part out, or drop it: {settings.TIERLINE_URL}/runs/{run.pk}\n"
        f"In a terminal: tierline run show {run.pk}",
    )


def failed(run: Run, message: str, next_step: str) -> None:
    """Tell that a run ended before its end."""
    _note(
        run,
        "failed",
        f"{run} of {run.portfolio} failed",
        f"{message}\n{next_step}\n\nNothing is lost: the next run goes on from what the CRM holds.\n"
        f"Details: {settings.TIERLINE_URL}/runs/{run.pk}",
    )


def left_out(run: Run, connection: Connection, message: str, next_step: str) -> None:
    """Tell that a run goes on without one of the CRMs; once a day, however many runs do."""
    lately = Notice.objects.filter(portfolio=run.portfolio, created_at__gt=timezone.now() - timedelta(days=1))
    if lately.filter(key__contains=f"-left-out-{connection.pk}-").exists():
        return
    _note(
        run,
        f"left-out-{connection.pk}",
        f"{run} of {run.portfolio} goes on without {connection}",
        f"{message}\n{next_step}\n\nThe other CRM is written as usual. Nothing of {connection} is lost, matched anew "
        f"or scored on half of its data: the next run takes it up.\nDetails: {settings.TIERLINE_URL}/runs/{run.pk}",
    )


def refused(run: Run, count: int, planned: int, told: Sequence[tuple[int, str, str]]) -> None:
    """Tell that the CRM refused much of what a run wrote. `told`: how many records, what it said, what to do."""
    listed = "\n".join(f"- {number:,}: {message}\n  {next_step}" for number, message, next_step in told)
    _note(
        run,
        "refused",
        f"The CRM refused {count:,} of {planned:,} records of {run}",
        f"Everything else of {run} was written. What was refused keeps its former values, and is not sent again until "
        f"another value is computed, the record is edited, or another model is published:\n\n{listed}\n\n"
        f"See the records: {settings.TIERLINE_URL}/runs/{run.pk}",
    )


def drifted(connection: Connection, found: Sequence[str]) -> None:
    """Tell that a CRM is not as the model has it any more."""
    number = Notice.objects.filter(portfolio=connection.portfolio, key__startswith=f"drift-{connection.pk}-").count()
    listed = "\n".join(f"- {sentence}" for sentence in found)
    Notice.objects.create(
        portfolio=connection.portfolio,
        key=f"drift-{connection.pk}-{number + 1}",
        subject=f"Fields of {connection} are not as the model has them",
        body=f"{listed}\n\nRuns stop until this is mended: tierline schema plan {connection}, then "
        f"tierline schema apply {connection}. Or change the model: tierline model publish FILE.",
    )


def overrides_end(portfolio: Portfolio, ending: Sequence[Override]) -> None:
    """Remind of overrides whose time is nearly up."""
    listed = "\n".join(
        f"- {override.account}: {override.value} until {override.expires_on}"
        f"{f', asked for by {override.requested_by}' if override.requested_by else ''}"
        for override in ending
    )
    Notice.objects.create(
        portfolio=portfolio,
        key=f"overrides-{ending[0].pk}-{ending[0].expires_on}",
        subject=f"{len(ending)} {'override ends' if len(ending) == 1 else 'overrides end'} soon",
        body=f"After its last day the computed tier is published again, unless somebody asks anew:\n\n{listed}\n\n"
        f"See them: {settings.TIERLINE_URL}/overrides",
    )


def asked(override: Override, told: str, addresses: Collection[str]) -> None:
    """Tell those who may decide that somebody asks for it in the CRM; the administrator where none has an address."""
    for number, address in enumerate(addresses or ("",)):
        Notice.objects.create(
            portfolio=override.account.connection.portfolio,
            to=address,
            key=f"asked-{override.pk}-{number}",
            subject=f"A decision about {override.account}"[:200],
            body=f"{told}\n\nIt was asked on the account's card in the CRM, and waits for somebody who may decide. "
            f"Your answer stands in the record a few minutes later.\n{settings.TIERLINE_URL}/overrides/{override.pk}",
        )


def reconnect(connection: Connection, why: AuthRevoked) -> None:
    """Tell that a CRM takes our credentials no longer."""
    Notice.objects.create(
        portfolio=connection.portfolio,
        key=f"{_reconnects(connection)}{timezone.now():%y%m%d%H%M%S%f}",
        subject=f"{connection} has to be reconnected",
        body=f"{why.message}\n{why.next_step}\n\nRuns of {connection.portfolio} stop until then, and nothing is lost. "
        f"Reconnect: tierline connection reconnect {connection}\n"
        f"If it was mended in the CRM: tierline connection test {connection}",
    )


def told_to_reconnect(run: Run) -> bool:
    """Whether a mail about the credentials was written since the run began."""
    return any(
        Notice.objects.filter(key__startswith=_reconnects(connection), created_at__gte=run.started_at).exists()
        for connection in run.portfolio.crms()
    )


def _reconnects(connection: Connection) -> str:
    return f"reconnect-{connection.pk}-"


def _note(run: Run, what: str, subject: str, body: str) -> None:
    """One notice per run and occasion; a run that is held a second time has new reasons and a second one."""
    before = Notice.objects.filter(portfolio=run.portfolio, key__startswith=f"run-{run.pk}-{what}").count()
    Notice.objects.create(portfolio=run.portfolio, key=f"run-{run.pk}-{what}-{before + 1}", subject=subject, body=body)


def channel_gone(destination: Destination, why: str, *, has_address: bool) -> None:
    """Tell that a channel takes no messages any more; one with an address of its own may get another one."""
    prefix = f"channel-{destination.pk}-"
    number = Notice.objects.filter(portfolio=destination.portfolio, key__startswith=prefix).count()
    Notice.objects.create(
        portfolio=destination.portfolio,
        key=f"{prefix}{number + 1}",
        subject=f"The channel {destination} takes no messages any more",
        body=f"{why}\n\nIt is disabled; what waits for it is kept. Mails and tasks go on as before.\n"
        f"When it is mended: tierline channels enable {destination}"
        + (
            f"\nWith another address: tierline channels remove {destination}, then tierline channels add"
            if has_address
            else ""
        ),
    )


def left_lying(owner: Owner, findings: Sequence[Finding], why: str, now: datetime) -> None:
    """Tell somebody further up what lies with another person, and for how long."""
    several = f"{len(findings):,} findings have" if len(findings) > 1 else "1 finding has"
    listed = "\n".join(f"- {finding.record_name}: {finding.message}" for finding in findings[:LISTED])
    more = f"\n- and {len(findings) - LISTED:,} more" if len(findings) > LISTED else ""
    alerts = sorted({finding.alert_id for finding in findings if finding.alert_id is not None})
    links = "\n".join(f"{settings.TIERLINE_URL}/alerts/{alert}" for alert in alerts[:LISTED])
    Notice.objects.create(
        portfolio=owner.portfolio,
        to=owner.email,
        key=f"lying-{owner.pk}-{findings[0].pk}-{findings[0].escalated}-{now:%y%m%d%H%M}",
        subject=f"{several} lain too long",
        body=f"{why}\n\n{listed}{more}\n\nAsk whoever has them what holds them up. They close by themselves when the "
        f"records are mended in the CRM; what cannot be known can be said here:\n{links}",
    )


def send(notice: Notice, now: datetime) -> None:
    """Try once, and record what became of it. What another person hears of waits for his hours and days."""
    opening = _opening(notice)
    if not attempts.postponed(notice, now, opening):
        attempts.attempt(notice, lambda: _mail(notice), now, opening=opening)


def _opening(notice: Notice) -> Callable[[datetime], datetime]:
    """From any moment on, the first at which this mail may be sent; the administrator's own mails do not wait."""
    owner = Owner.objects.filter(portfolio=notice.portfolio, email__iexact=notice.to).first() if notice.to else None
    if owner is None:
        return attempts.at_any_time
    rhythm, _ = rhythms.of_portfolio(notice.portfolio)(owner)
    return rhythm.hours.opening


def _mail(notice: Notice) -> None:
    to = notice.to or administrator.address(notice.portfolio)
    if not to:
        raise DeliveryError("No administrator with an e-mail address is known.", permanent=False)
    host = urlsplit(settings.TIERLINE_URL).hostname or "localhost"
    mail = EmailMessage(
        subject=notice.subject,
        body=notice.body,
        to=[to],
        headers={"Message-ID": f"<{notice.key}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise DeliveryError(str(error), permanent=False) from error
