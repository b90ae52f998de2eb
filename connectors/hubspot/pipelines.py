"""Stages of deals and tickets: what people call them, and which of them are won or closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.hubspot.client import Client

#: The property that names the pipeline of a record, by object.
PIPELINE: Mapping[str, str] = {"deals": "pipeline", "tickets": "hs_pipeline"}


@dataclass(frozen=True)
class Stage:
    label: str
    closed: bool
    won: bool

    def answer(self, what: str) -> str | bool:
        """The label, or whether it is closed or won."""
        if what == "label":
            return self.label
        return self.closed if what == "closed" else self.won


#: (pipeline, stage) -> stage. Of stages with one id in several pipelines that of ("", stage) is the first.
Stages = Mapping[tuple[str, str], Stage]


def stages(client: Client, source: str) -> Stages:
    """The stages of an object, archived ones too: old records are still in them."""
    found: dict[tuple[str, str], Stage] = {}
    for archived in ("false", "true"):
        for pipeline in client.all(client.paths.pipelines(source), {"archived": archived}):
            for entry in pipeline.get("stages") or ():
                about = {str(name): str(value).lower() for name, value in (entry.get("metadata") or {}).items()}
                closed = about.get("isClosed") == "true" or about.get("ticketState") == "closed"
                won = closed and float(about.get("probability") or 0) >= 1
                stage = Stage(str(entry.get("label") or entry["id"]), closed, won)
                found.setdefault((str(pipeline["id"]), str(entry["id"])), stage)
                found.setdefault(("", str(entry["id"])), stage)
    return found


def stage_of(known: Stages, pipeline: str, stage: str) -> Stage | None:
    return known.get((pipeline, stage)) or known.get(("", stage))
