"""The record of who decided what: written in the transaction of the decision, whoever carries it out and from where."""

from __future__ import annotations

from typing import Any

from sync.models import AuditEvent, Portfolio


def note(portfolio: Portfolio, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Write down one decision."""
    AuditEvent.objects.create(
        portfolio=portfolio, actor=actor[:150], action=action, subject=subject[:200], detail=detail
    )
