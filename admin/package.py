"""A model as a project of the CRM's own tools: what the API does not install, and for Salesforce also what it would.

In Salesforce that is every field, rule, list and permission set, and the card. In HubSpot it is the card alone:
properties are no part of a HubSpot project.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from admin.card import hubspot, salesforce
from connectors.salesforce import package
from connectors.salesforce.kinds import DEFAULTS
from connectors.salesforce.package import ListView
from connectors.salesforce.pages import marked
from scoring.model import Model
from sync import outputs
from sync.quality import obligations

Crm = Literal["salesforce", "hubspot"]
#: How such a project gets into the CRM, from within its folder.
UPLOAD: Mapping[Crm, str] = {
    "salesforce": "sf project deploy start --source-dir force-app",
    "hubspot": "hs project upload",
}


def files(model: Model, crm: Crm = "salesforce") -> dict[str, bytes]:
    """Path -> content."""
    layout = outputs.layout_of(model, crm)
    if crm == "hubspot":
        return hubspot.files(model, layout)
    # Rules are inactive: a package cannot know how much is filled.
    return package.files(layout.specs(), obligations.packaged(model, layout, DEFAULTS), pages(layout))


def pages(layout: outputs.Layout) -> dict[str, bytes]:
    """The card in Salesforce, a record page that shows it, and list views, by path below the source folder."""
    found = salesforce.files(layout.model, layout) | package.list_views(_lists(layout))
    return marked(found, salesforce.META)


def write(model: Model, folder: Path, crm: Crm = "salesforce") -> int:
    """Write the project into a folder; returns the number of files. The company's own translations there stay."""
    found = files(model, crm)
    for name, content in found.items():
        path = folder / name
        if path.name == hubspot.KEPT and path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(found)


def _lists(layout: outputs.Layout) -> list[ListView]:
    names, best = layout.names, layout.model.tiers.keys[0]
    line = names.get("data_quality")
    missing = ((names["tier"], "notEqual", ""), (names["segment"], "equals", ""))
    label = layout.model.tiers.label(best)
    return [
        ListView(
            "Tierline_My_Best_Accounts",
            f"My {label.lower()} accounts",
            ("ACCOUNT.NAME", names["tier"], names["tier_reason"], names["segment"], names["value_profile"]),
            ((names["tier"], "equals", best),),
        ),
        ListView(
            "Tierline_My_Accounts_To_Fix",
            "My accounts to fix",
            ("ACCOUNT.NAME", line or "ACCOUNT.TYPE", names["segment"], names["sub_segment"], names["value_profile"]),
            ((line, "notEqual", ""),) if line else missing,
        ),
    ]
