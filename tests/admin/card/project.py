"""A project with the card of a model that uses everything, ready for the tools of the CRM's maker."""

from __future__ import annotations

import json
from pathlib import Path

from admin import card, package
from scoring import model, presets

ROOT = Path(__file__).parents[3]
LWC = Path("force-app/main/default/lwc/accountTier")
WHOLE = (
    "\ndetail: {enabled: true}\nrequests: {enabled: true}\nplaybook:\n"
    "  baseline: {contact_days: 90, reply_hours: 48, terms_days: 30}\n"
    "  gold: {contact_days: 14, reply_hours: 4, seniority: key account manager, terms_days: 60}\nguard: "
)


def whole() -> model.Model:
    text = presets.text("default").replace("\nguard: ", WHOLE)
    text = text.replace("value_profile: {policy: fill", "value_profile: {policy: suggest")
    return model.parse(text.replace("\ngroups: {enabled: false}", "\ngroups: {enabled: true}"), "whole")


def write(folder: Path) -> Path:
    """The project for Salesforce, beside the packages of this checkout."""
    package.write(whole(), folder)
    words = folder / "words"
    words.mkdir()
    for key, said in card.words().items():
        (words / f"{key}.js").write_text(f"export default {json.dumps(said)};\n")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def write_hubspot(folder: Path) -> Path:
    """The project for HubSpot, beside the packages of this checkout."""
    package.write(whole(), folder, "hubspot")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder
