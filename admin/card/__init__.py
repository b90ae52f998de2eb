"""The seller's card, as files of a CRM's own project: what every account's page says, in the seller's own rights.

What the card says is one source for all CRMs (`content.js`, `words.json`); each CRM has its own face beside it. What
the company's model says for all accounts - tiers, playbook, profiles, names of our fields - is written into the card
when the files are made, so that it works when Tierline does not answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files as resources
from typing import Any

from scoring.model.playbook import of_tier
from scoring.model.shape import Model
from sync.governance import requests
from sync.outputs import Layout
from sync.writing import details

#: The values that people choose, in the order in which they depend on each other.
CHOSEN = ("segment", "sub_segment", "value_profile")
#: Value drivers told of a profile.
DRIVERS = 3


def source(name: str) -> str:
    """A file of this folder."""
    return resources("admin.card").joinpath(name).read_text("utf-8")


def module(about: str, **constants: object) -> str:
    """A module of JavaScript or TypeScript. `constants`: name, a colon and a type if it has one -> value."""
    lines = [f"export const {name} = {literal(value)};" for name, value in constants.items()]
    return f"// {about} Written by Tierline; do not edit.\n" + "\n".join(lines) + "\n"


def literal(value: object) -> str:
    """A value as such a module writes it."""
    return "undefined" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def words(crm: str = "") -> Mapping[str, str]:
    """What the card says, by key, in English; `{name}` stands for a part. `crm`: with the words of its own there."""
    found: dict[str, str] = json.loads(source("words.json"))
    return found | json.loads(source(f"{crm}/words.json")) if crm else found


def facts(model: Model, layout: Layout) -> Mapping[str, Any]:
    """What the card has to know of the model."""
    tiers = [{"key": key, "label": model.tiers.label(key)} for key in model.tiers.keys]
    plays = {key: play for key in model.tiers.keys if (play := of_tier(model.playbook, key))}
    return {
        "tiers": tiers,
        "axes": [
            {"label": axis.label, "classes": [name.replace("_", " ") for name in axis.classes]}
            for axis in model.tiers.axes
        ],
        "cells": _cells(model),
        "playbook": {key: play.model_dump(exclude_none=True) for key, play in plays.items()},
        "profiles": _profiles(model),
        "titles": {key: layout.title(layout.names[key]) for key in CHOSEN},
        "labels": {key: _labels(model, key) for key in CHOSEN},
        "requests": [{"value": kind.key, "label": kind.label} for kind in requests.KINDS],
        "reasons": [{"value": key, "label": label} for key, label in model.overrides.reasons.items()],
        "freshDays": details.fresh_days(model),
    }


def _profiles(model: Model) -> list[dict[str, Any]]:
    """What a new seller can read about each profile; `drivers`: what ranked highest in the company's own projects."""
    from scoring import value_profile  # brings pandas, and every command comes by here

    ranked = value_profile.driver_profile(model)
    best = {key: list(rows["label"][:DRIVERS]) for key, rows in ranked.groupby("profile", sort=False)}
    told = {"key", "label", "description", "proposition", "do", "dont"}
    return [
        each.model_dump(mode="json", include=told) | {"drivers": best.get(each.key, [])}
        for each in model.value_profile.profiles
    ]


def _cells(model: Model) -> list[list[str]]:
    """Tier per class of the first axis and of the second, where the tiers have two axes."""
    if len(model.tiers.axes) != 2:
        return []
    grid = model.tiers.grid()
    first, second = (range(len(axis.classes)) for axis in model.tiers.axes)
    return [[grid[row, column] for column in second] for row in first]


def _labels(model: Model, key: str) -> dict[str, str]:
    if key == "segment":
        return {segment.key: segment.label for segment in model.segments}
    if key == "sub_segment":
        return {sub.key: sub.label for segment in model.segments for sub in segment.sub_segments}
    return {profile.key: profile.label for profile in model.value_profile.profiles}
