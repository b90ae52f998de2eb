"""What `tierline connection test` tells beyond who we are: missing permissions, and what our writes will meet."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.preflight import LooksAhead, Preflight
from sync import crms, outputs
from sync.models import Connection


def look(connection: Connection) -> Preflight | None:
    """What the CRM shows of it; None if its connector cannot tell."""
    crm = crms.open_crm(connection)
    return crm.preflight(_written(connection), connection.installed) if isinstance(crm, LooksAhead) else None


def _written(connection: Connection) -> list[str]:
    """Kinds whose existing records get values of ours, by the model in force."""
    model = connection.portfolio.model_in_force()
    carried = model is not None and bool(outputs.layout(model, connection).carried)
    return ["account", outputs.OPPORTUNITY] if carried else ["account"]


def sentences(found: Preflight) -> Iterator[str]:
    """The report, line by line: first what is wrong."""
    place = f", instance {found.instance}" if found.instance else ""
    yield f"  {found.edition}, {'sandbox' if found.is_sandbox else 'production'}{place}"
    for missing in found.missing:
        yield f"  ✗ '{missing.permission}' is missing, needed for {missing.purpose}."
        yield f"    → {missing.next_step}"
    if not found.missing and not found.unread:
        yield "  No permission is missing."
    yield "  Our writes will meet:" if found.met else "  Nothing that our writes would meet was found."
    for met in found.met:
        on = f" on {met.on}" if met.on else ""
        yield f"    {met.kind} {met.name}{on}{f': {met.detail}' if met.detail else ''}"
    for sentence in found.unread:
        yield f"  ! {sentence}"
