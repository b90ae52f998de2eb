"""What was published to a CRM, in words: fields by their titles, keys by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from admin.templatetags.console import day
from sync import labels, outputs
from sync.models import Change, Portfolio, PublishedModel
from sync.writing import details

_WORDS = {"source": "source", "date": "set on", "since": "since", "reason": "reason", "suggestion": "suggested"}


@dataclass(frozen=True)
class Shown:
    """One field of a change; `note` says in brief what its companion fields say."""

    title: str
    before: str
    after: str
    note: str = ""


class Values:
    """Words for the values of one published model, labelled as the portfolio's newest model labels them."""

    def __init__(self, model: PublishedModel, portfolio: Portfolio) -> None:
        self._model = model
        self._labels = labels.labels(portfolio)
        self._roles: dict[str, Mapping[str, str]] = {}

    def changed(self, change: Change) -> list[Shown]:
        """Every field of a change, in the order in which they were planned."""
        return [shown for _, shown in self._changed(change)]

    def brief(self, change: Change) -> list[Shown]:
        """The same for people: source and date of a value stand beside it instead of on lines of their own."""
        fields = self._changed(change)
        values = {role: shown for role, shown in fields if not parts(role)[1]}
        notes: dict[str, list[str]] = {}
        rest = []
        for role, shown in fields:
            key, companion = parts(role)
            if key in values and companion in ("source", "date", "since"):
                if shown.after:
                    notes.setdefault(key, []).append(_note(companion, shown.after))
            elif role not in values:
                rest.append(shown)
        return [replace(shown, note=", ".join(notes.get(role, []))) for role, shown in values.items()] + rest

    def _changed(self, change: Change) -> list[tuple[str, Shown]]:
        kind = change.connection.kind
        if kind not in self._roles:
            layout = outputs.layout(self._model, change.connection)
            roles = {name: role for role, name in layout.names.items()}
            self._roles[kind] = roles | {name: details.ROLES[key] for key, name in layout.detail.items()}
        shown = []
        for name, after in change.after.items():
            role = self._roles[kind].get(name, name)
            before = self._value(role, change.before.get(name))
            shown.append((role, Shown(self._title(role, name), before, self._value(role, after))))
        return shown

    def _title(self, role: str, name: str) -> str:
        if role == name:
            return name
        key, companion = parts(role)
        title = self._labels.field(key)
        return f"{title} {_WORDS[companion]}" if companion else title

    def _value(self, role: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        key, companion = parts(role)
        return label(self._labels, key, str(value)) if companion in ("", "suggestion") else str(value)


def _note(companion: str, value: str) -> str:
    return {"source": f"by {value}", "date": day(value), "since": f"since {day(value)}"}[companion]


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
        "group_tier": names.tier,
    }
    if key.startswith("unit_"):
        return names.tier(value)
    return words[key](value) if key in words and value else value
