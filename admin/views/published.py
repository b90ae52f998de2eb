"""What was published to a CRM, in words: fields by their titles, keys by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync import labels, outputs
from sync.models import Change, Portfolio, PublishedModel

_WORDS = {"source": "source", "date": "set on", "since": "since", "reason": "reason", "suggestion": "suggested"}


@dataclass(frozen=True)
class Shown:
    """One field of a change."""

    title: str
    before: str
    after: str


class Values:
    """Words for the values of one published model, labelled as the portfolio's newest model labels them."""

    def __init__(self, model: PublishedModel, portfolio: Portfolio) -> None:
        self._model = model
        self._labels = labels.labels(portfolio)
        self._roles: dict[str, Mapping[str, str]] = {}

    def changed(self, change: Change) -> list[Shown]:
        """The fields of a change, in the order in which they were planned."""
        kind = change.connection.kind
        if kind not in self._roles:
            names = outputs.layout(self._model, change.connection).names
            self._roles[kind] = {name: role for role, name in names.items()}
        shown = []
        for name, after in change.after.items():
            role = self._roles[kind].get(name, "")
            before = change.before.get(name)
            shown.append(Shown(self._title(role) or name, self._value(role, before), self._value(role, after)))
        return shown

    def _title(self, role: str) -> str:
        key, companion = parts(role)
        title = self._labels.field(key) if key else ""
        return f"{title} {_WORDS[companion]}" if companion else title

    def _value(self, role: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        key, companion = parts(role)
        return label(self._labels, key, str(value)) if key and companion in ("", "suggestion") else str(value)


def parts(role: str) -> tuple[str, str]:
    """Output key and companion of a role: "sub_segment_date" -> ("sub_segment", "date")."""
    key, _, companion = role.rpartition("_")
    return (key, companion) if companion in _WORDS else (role, "")


def label(names: labels.Labels, key: str, value: str) -> str:
    """What people call this value of an output."""
    words = {
        "segment": names.segment,
        "sub_segment": names.sub_segment,
        "value_profile": names.value_profile,
        "tier": names.tier,
    }
    return words[key](value) if key in words and value else value
