"""Records that the CRM refused: each says so itself, and many of one run are told to the administrator besides."""

from __future__ import annotations

from django.db.models import Count, Max

from sync.alerts import notices
from sync.models import Change, Run

#: A run of which so many records, and such a share, were refused is told by mail.
FEW = 3
SHARE = 0.2
#: Reasons named in the mail, the most frequent first.
LISTED = 5


def tell(run: Run) -> None:
    """Write the administrator a mail when the CRM refused much of this run."""
    planned = run.changes.exclude(state=Change.State.LEFT_OUT).count()
    rows = run.changes.filter(state=Change.State.REJECTED)
    count = rows.count()
    if count < FEW or count < SHARE * planned:
        return
    reasons = rows.values("code").annotate(n=Count("pk"), said=Max("message"), advice=Max("next_step")).order_by("-n")
    notices.refused(run, count, planned, [(row["n"], row["said"], row["advice"]) for row in reasons[:LISTED]])
