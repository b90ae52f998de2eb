"""The card in HubSpot: a UI extension that reads and writes the company itself, and calls no server."""

from __future__ import annotations

from admin import card
from scoring.model import Model
from sync.outputs import Layout

#: Written once and never again: the company's own translations.
KEPT = "translations.ts"
_CARDS = "src/app/cards"
_OWN = (
    "AccountTier-hsmeta.json", "AccountTier.tsx", "Card.tsx", "Score.tsx", "Values.tsx", "package.json", "reading.ts",
    "speech.ts", KEPT, "tsconfig.json",
)  # fmt: skip


# unverified: an app needs no support contact, and "companies" names the object in a card as in the API; where an
# administrator puts a card on the page (Settings > Objects > Companies > Record customization).
def files(model: Model, layout: Layout) -> dict[str, bytes]:
    """Path inside the project -> content: all that `hs project upload` takes."""
    bundle = {name: card.source(f"hubspot/{name}") for name in _OWN}
    bundle |= {name: card.source(name) for name in ("content.js", "content.d.ts")}
    bundle |= {
        "fields.ts": _fields(layout),
        "model.ts": _model(model, layout),
        "words.ts": card.module("What the card says.", WORDS=card.words("hubspot")),
    }
    found = {f"{_CARDS}/{name}": text for name, text in bundle.items()}
    found["hsproject.json"] = card.source("hubspot/hsproject.json")
    found["src/app/app-hsmeta.json"] = card.source("hubspot/app-hsmeta.json")
    return {path: text.encode() for path, text in found.items()}


def _fields(layout: Layout) -> str:
    """Role -> property: of the details too, which are the company's own there. Lists are read with their labels.

    The names stand in the calls of the hooks, because HubSpot's build finds them there and reads ahead.
    """
    names = dict(layout.names) | {f"detail_{key}": name for key, name in layout.detail.items()}
    kinds = {spec.name: spec.type for spec in layout.specs() if spec.kind in ("account", "detail")}
    lists, days = ([name for name in names.values() if kinds[name] == kind] for kind in ("picklist", "date"))
    told = "Our properties of companies by role, which of them are days, and what reads them: as held, and as shown."
    constants = card.module(told, **{"PROPERTIES: Record<string, string>": names, "DAYS: string[]": days})
    return f"""import {{ useCrmProperties }} from "@hubspot/ui-extensions/crm";

{constants}
export const useHeld = () => useCrmProperties({card.literal(list(names.values()))});

export const useShown = () => useCrmProperties({card.literal(lists)}, {{ propertiesToFormat: "all" }});
"""


def _model(model: Model, layout: Layout) -> str:
    told = "What the company's model says for all companies."
    return 'import type { Model } from "./content.js";\n\n' + card.module(
        told, **{"MODEL: Model": card.facts(model, layout)}
    )
