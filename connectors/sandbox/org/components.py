"""Parts of an org's set-up besides its objects: validation rules, custom permissions and the like, as JSON by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.org.records import Store

Body = Mapping[str, Any]


class Components:
    """Components of one org by kind and name; names are matched without regard to case.

    A change counts as a change of the schema, so that whoever prepared something from the set-up does so again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, kind: str) -> dict[str, Body]:
        rows = self._store.reader().execute(
            "SELECT name, body FROM definitions WHERE kind = ? ORDER BY position", (kind,)
        )
        return {name: json.loads(body) for name, body in rows}

    def numbers(self, kind: str) -> dict[str, int]:
        """A number of each component that it keeps for good and shares with no other."""
        rows = self._store.reader().execute("SELECT name, position FROM definitions WHERE kind = ?", (kind,))
        return dict(rows.fetchall())

    def save(self, kind: str, name: str, body: Body) -> None:
        """Creates the component, or replaces what it says."""
        with self._store.writing() as connection:
            connection.execute(
                "INSERT INTO definitions (kind, name, position, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body",
                (kind, name, self._store.take_numbers("position"), json.dumps(body)),
            )
            self._store.take_numbers("schema")

    def delete(self, kind: str, name: str) -> None:
        with self._store.writing() as connection:
            connection.execute("DELETE FROM definitions WHERE kind = ? AND name = ?", (kind, name))
            self._store.take_numbers("schema")
