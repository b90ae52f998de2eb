"""The two kinds of CRM that a folder can hold."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from connectors.sandbox.org import org
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal import portal
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.serving import CannotServe

Kind = Literal["salesforce", "hubspot"]
_NAMES: dict[Kind, str] = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


def kind_of(home: Path) -> Kind | None:
    """What a folder holds; None if it is new."""
    if (home / portal.FILE).exists():
        return "hubspot"
    return "salesforce" if (home / org.FILE).exists() else None


def open_crm(home: Path, kind: Kind | None = None) -> Org | Portal:
    """The CRM in a folder; a new one is of this kind. Raises CannotServe if there is one of the other kind."""
    found = kind_of(home)
    if found and kind and found != kind:
        raise CannotServe(
            f"{home} holds a {_NAMES[found]} sandbox, not a {_NAMES[kind]} one.", "Name another folder with --home."
        )
    return Portal.open(home) if (found or kind) == "hubspot" else Org.open(home)
