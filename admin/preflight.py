"""What `tierline connection test` tells beyond who we are: missing permissions, and what our writes will meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from connectors.base import Crm
from connectors.preflight import LooksAhead, Missing, Preflight
from sync import crms, outputs
from sync.models import Connection
from sync.reading import org_currency


def look(connection: Connection) -> Preflight | None:
    """What the CRM shows of it; None if its connector cannot tell."""
    crm = crms.open_crm(connection)
    if not isinstance(crm, LooksAhead):
        return None
    found = crm.preflight(_written(connection), connection.installed)
    return replace(found, missing=(*found.missing, *_unreadable(connection, crm)))


def currency(connection: Connection) -> tuple[str, str] | None:
    """What is wrong with the currency in which the CRM counts, and what to do; None if nothing."""
    published = connection.portfolio.model_in_force()
    return org_currency.warning(connection, outputs.model(published)) if published else None


class _Connector(Crm, LooksAhead, Protocol):
    """A CRM that looks ahead."""


def _unreadable(connection: Connection, crm: _Connector) -> Iterator[Missing]:
    """Fields that the model in force maps and the CRM does not show us, also behind a relationship."""
    published = connection.portfolio.model_in_force()
    if published is None:
        return
    crm.use_objects(outputs.layout(published, connection).objects)
    kinds = crm.kinds()
    for kind, columns in outputs.model(published).crm_fields(connection.kind).items():
        hidden = crm.unreadable(kind, columns.values()) if kind in kinds else {}
        for column, path in columns.items():
            if path in hidden:
                yield Missing(
                    f"Read on field {path}",
                    f"{column.replace('_', ' ')} of {kind.replace('_', ' ')} records",
                    f"{hidden[path]} Give our user access to it, or correct the name in the model.",
                )


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
    yield from met(found)


def met(found: Preflight) -> Iterator[str]:
    """What our writes will meet in the CRM, and what we were not allowed to look at."""
    yield "  Our writes will meet:" if found.met else "  Nothing that our writes would meet was found."
    for each in found.met:
        on = f" on {each.on}" if each.on else ""
        yield f"    {each.kind} {each.name}{on}{f': {each.detail}' if each.detail else ''}"
    for sentence in found.unread:
        yield f"  ! {sentence}"
