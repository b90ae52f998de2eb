"""What people said about possible duplicates: each pair of accounts stands alone."""

from __future__ import annotations

from collections.abc import Mapping

from sync.alerts.states import Event, State
from sync.models import Connection, Finding, FindingEvent

RULE = "duplicate_account"
#: Events that say something about the pair that the finding was about then.
_SAID = (Event.CONFIRM, Event.TAKE_BACK, Event.CHANGED, Event.FOUND_AGAIN)
Pair = tuple[str, str]


def pairs(connection: Connection) -> tuple[Mapping[Pair, str], frozenset[Pair]]:
    """Pairs (older, newer) that are two companies, with what that was about; and those whose finding rests on it."""
    about = FindingEvent.objects.filter(finding__connection=connection, finding__rule=RULE, event__in=_SAID)
    apart: dict[Pair, str] = {}
    for older, newer, event, against in about.order_by("at", "pk").values_list(
        "value", "finding__record_id", "event", "against"
    ):
        if event == Event.CONFIRM:
            apart[older, newer] = against
        else:
            apart.pop((older, newer), None)
    rests = Finding.objects.filter(connection=connection, rule=RULE, state=State.CONFIRMED)
    standing = frozenset(rests.values_list("value", "record_id"))
    return apart, standing
