"""Other answers than a value, by the link of a message: that it cannot be known, or is right as it is."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from sync.alerts import handling, states
from sync.alerts.states import Event
from sync.fixing import answering
from sync.fixing.links import Opened
from sync.models import Finding

_DEEDS = {Event.CANNOT_KNOW: "I cannot know this"}


def possible(opened: Opened, finding: Finding) -> dict[str, str]:
    """What the reader may say of this finding -> its words; nothing of one that waits for somebody else by now."""
    if finding.alert is None or finding.alert.owner_id != opened.delivery.owner_id:
        return {}
    words = {**_DEEDS, Event.CONFIRM: states.ANSWERS.get(finding.rule, "")}
    return {deed.value: words[deed] for deed in states.possible(finding.state, finding.rule) if words.get(deed)}


def say(opened: Opened, finding: Finding, deed: str, reason: str) -> None:
    """Say it in the reader's name, and spend the link. Raises Refused, AlreadyUsed and `handling.Refused`."""
    if deed not in possible(opened, finding):
        raise answering.Refused("This can no longer be said about it. Load the page again.")
    person, event = opened.delivery.owner.name, Event(deed)
    try:
        with transaction.atomic():
            answering.use(opened.link, None)
            handling.do(opened.portfolio, [finding.pk], event, person, reason=reason)
    except IntegrityError as error:
        raise answering.AlreadyUsed("This link has been used already.") from error
