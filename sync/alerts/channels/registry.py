"""The kinds of places outside that messages can go to. A new kind is a folder here and a line below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.alerts.channels.base import Channel
from sync.alerts.channels.slack import channel as slack
from sync.alerts.channels.teams import channel as teams
from sync.alerts.channels.webhook import channel as webhook


@dataclass(frozen=True)
class Kind:
    """One kind of place.

    Attributes:
        check: raises ValueError with a sentence when an address cannot be one of this kind.
        open: the channel, from what `sync.vault` keeps: {"url": ..., "key": ...}.
        check_key: the same for its key; None when it has none.
        program: nobody is disturbed there, so the rhythm of people does not matter.
    """

    title: str
    check: Callable[[str], None]
    open: Callable[[Mapping[str, str]], Channel]
    check_key: Callable[[str], None] | None = None
    program: bool = False


KINDS: Mapping[str, Kind] = {
    "slack": Kind("Slack", slack.check, lambda secret: slack.Slack(secret["url"])),
    "teams": Kind("Microsoft Teams", teams.check, lambda secret: teams.Teams(secret["url"])),
    "webhook": Kind(
        "Webhook",
        webhook.check,
        lambda secret: webhook.Webhook(secret["url"], secret["key"]),
        webhook.check_key,
        program=True,
    ),
}
PROGRAMS = frozenset(key for key, kind in KINDS.items() if kind.program)

#: Every channel as people read it.
TITLES: Mapping[str, str] = {
    "email": "E-mail",
    **{key: kind.title for key, kind in KINDS.items()},
}
