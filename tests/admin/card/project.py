"""A project with the card of a model that uses everything, ready for the tools of the CRM's maker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from admin import card, package
from scoring import model, presets

ROOT = Path(__file__).parents[3]
HUBSPOT = ROOT / "tests" / "admin" / "card" / "hubspot"
LWC = Path("force-app/main/default/lwc/accountTier")
WHOLE = (
    "\ndetail: {enabled: true}\nrequests: {enabled: true}\nplaybook:\n"
    "  baseline: {contact_days: 90, reply_hours: 48, terms_days: 30}\n"
    "  gold: {contact_days: 14, reply_hours: 4, seniority: key account manager, terms_days: 60}\nguard: "
)

needs_hubspot = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@hubspot" / "ui-extensions").exists(), reason="needs npm: see make setup"
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


def write_hubspot(folder: Path, of: model.Model | None = None) -> Path:
    """The project for HubSpot, beside the packages of this checkout."""
    package.write(of or whole(), folder, "hubspot")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def vitest(folder: Path, of: model.Model | None = None, **environment: str) -> str:
    """What HubSpot's stand-ins make of a new project's card; what they say when it fails is raised."""
    cards = write_hubspot(folder, of) / "src/app/cards"
    for path in (*HUBSPOT.glob("*.ts*"), HUBSPOT / "vitest.config.mjs", HUBSPOT.parent / "cast.mjs"):
        shutil.copy(path, cards)
    found = subprocess.run(
        ("node", "../../../node_modules/vitest/vitest.mjs", "run", "--root", "."),
        cwd=cards, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def told_in_hubspot(folder: Path, of: model.Model, properties: Mapping[str, str | None]) -> str:
    """Everything that the card says of a company with these properties, as HubSpot's API hands them over."""
    folder.mkdir()
    record, told = folder / "record.json", folder / "told.txt"
    record.write_text(json.dumps(properties))
    vitest(folder / "drawn", of, RECORD=str(record), TOLD=str(told))
    return told.read_text()
