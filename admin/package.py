"""The Salesforce project of a model: the files that `schema apply` would otherwise install through the API."""

from __future__ import annotations

from pathlib import Path

from admin.card import salesforce as card
from connectors.salesforce import package
from connectors.salesforce.kinds import DEFAULTS
from connectors.salesforce.package import ListView
from scoring.model import Model
from sync import outputs
from sync.quality import obligations


def files(model: Model) -> dict[str, bytes]:
    """Path -> content. Rules are inactive: a package cannot know how much is filled."""
    layout = outputs.layout_of(model, "salesforce")
    fields = package.files(layout.specs(), obligations.packaged(model, layout, DEFAULTS), list(_lists(layout)))
    return fields | {f"{package.ROOT}/{path}": content for path, content in card.files(model, layout).items()}


def write(model: Model, folder: Path) -> int:
    """Write the project into a folder; returns the number of files."""
    found = files(model)
    for name, content in found.items():
        path = folder / name
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
