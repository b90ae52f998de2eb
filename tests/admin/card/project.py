"""A Salesforce project with the card of a model that uses everything, ready for the tools of its maker."""

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


def write(folder: Path) -> Path:
    """The project, beside the packages of this checkout."""
    text = presets.text("default").replace("\nguard: ", WHOLE)
    text = text.replace("\ngroups: {enabled: false}", "\ngroups: {enabled: true}")
    package.write(model.parse(text, "whole"), folder)
    words = folder / "words"
    words.mkdir()
    for key, said in card.words().items():
        (words / f"{key}.js").write_text(f"export default {json.dumps(said)};\n")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder
