"""The kinds of places that messages can go to beside mails and tasks. A new kind is a folder here and a line below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.alerts.channels.base import Channel
from sync.alerts.channels.crm_notification.channel import CrmNotification
from sync.alerts.channels.slack import channel as slack
from sync.alerts.channels.teams import channel as teams
from sync.alerts.channels.webhook import channel as webhook
from sync.models import Connection

Check = Callable[[str], None]


@dataclass(frozen=True)
class Outside:
    """A kind of place with an address of its own.

    Attributes:
        check: raises ValueError with a sentence when an address cannot be one of this kind.
        open: the channel, from what `sync.vault` keeps: {"url": ..., "key": ...}.
        check_key: the same for its key; None when it has none.
        program: nobody is disturbed there, so the rhythm of people does not matter.
    """

    title: str
    check: Check
    open: Callable[[Mapping[str, str]], Channel]
    check_key: Check | None = None
    program: bool = False


@dataclass(frozen=True)
class Inside:
    """A kind of place in the CRM of each person, which needs no address.

    Attributes:
        open: the channel, from the CRM in which the person is a user.
    """

    title: str
    open: Callable[[Connection], Channel]


KINDS: Mapping[str, Outside | Inside] = {
    "slack": Outside("Slack", slack.check, lambda secret: slack.Slack(secret["url"])),
    "teams": Outside("Microsoft Teams", teams.check, lambda secret: teams.Teams(secret["url"])),
    "webhook": Outside(
        "Webhook",
        webhook.check,
        lambda secret: webhook.Webhook(secret["url"], secret["key"]),
        webhook.check_key,
        program=True,
    ),
    "notification": Inside("Notification in the CRM", CrmNotification),
}
PROGRAMS = frozenset(key for key, kind in KINDS.items() if isinstance(kind, Outside) and kind.program)
#: Those that go to the person in the CRM.
IN_CRM = frozenset(key for key, kind in KINDS.items() if isinstance(kind, Inside))

#: Every channel as people read it.
TITLES: Mapping[str, str] = {
    "email": "E-mail",
    **{key: kind.title for key, kind in KINDS.items()},
}
