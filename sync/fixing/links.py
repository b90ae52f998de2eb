"""Links in messages by which their reader answers without a login, each for one thing and once.

A link names the message it came with and one finding or alert of it, by number, and is signed with the installation's
secret. So it says nothing about anybody, holds for the person the message went to and nobody else, and can be neither
made up nor turned to another record. An old secret goes on opening links while it is among the fallbacks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.core import signing
from django.utils import timezone

from sync import outputs
from sync.fixing import answering
from sync.models import Delivery, Portfolio, UsedLink

About = Literal["finding", "alert"]
_SALT = "tierline.fix"
_FORM = re.compile(r"(\d{1,18})\.([fa])(\d{1,18})\Z", re.ASCII)
_LETTERS: dict[str, About] = {"f": "finding", "a": "alert"}
#: How long after an answer its link still shows what became of it.
SHOWN = timedelta(minutes=15)


class NotOurs(ValueError):
    """A link that we did not make, or that was changed."""


@dataclass(frozen=True)
class Opened:
    """A link that is genuine. `is_expired`: its time is over, and all it is good for is asking for a new one."""

    delivery: Delivery
    about: About
    number: int
    is_expired: bool

    @property
    def link(self) -> answering.Link:
        return answering.Link(self.delivery, f"{self.about} {self.number}")

    @property
    def portfolio(self) -> Portfolio:
        return self.delivery.owner.portfolio


def make(delivery: Delivery, about: About, number: int) -> str:
    """The address at which this message's reader answers."""
    return f"{settings.TIERLINE_URL}/fix/{_signer().sign(f'{delivery.pk}.{about[0]}{number}')}"


def read(token: str) -> Opened:
    """What a link is for. Raises NotOurs."""
    try:
        value = _signer().unsign(token)
    except signing.BadSignature:
        raise NotOurs from None
    form = _FORM.match(value)
    owned = Delivery.objects.select_related("owner__portfolio", "owner__connection")
    delivery = owned.filter(pk=int(form[1])).first() if form else None
    if form is None or delivery is None:
        raise NotOurs
    try:
        _signer().unsign(token, max_age=timedelta(days=_days(delivery.owner.portfolio)))
    except signing.SignatureExpired:
        return Opened(delivery, _LETTERS[form[2]], int(form[3]), True)
    return Opened(delivery, _LETTERS[form[2]], int(form[3]), False)


def used(opened: Opened) -> UsedLink | None:
    """The answer that this link was used up for, None while it is good."""
    found = UsedLink.objects.filter(delivery=opened.delivery, about=opened.link.about).select_related("run").first()
    return found if found is not None and answering.is_spent(found.run) else None


def last_answer(opened: Opened) -> UsedLink | None:
    """The answer given by this link in the last minutes, which it still shows."""
    since = timezone.now() - SHOWN
    found = UsedLink.objects.filter(delivery=opened.delivery, about=opened.link.about, at__gte=since)
    return found.select_related("run__portfolio", "run__model").first()


def _days(portfolio: Portfolio) -> int:
    published = portfolio.model_in_force()
    return outputs.model(published).answers.link_days if published else 0


def _signer() -> signing.TimestampSigner:
    # A separator that need not be escaped in an address, and that mail programs do not break lines at.
    return signing.TimestampSigner(sep="~", salt=_SALT)
