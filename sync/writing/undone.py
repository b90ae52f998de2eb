"""PURE: what an account remembers of values that a person took back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.models import Change, Run

#: API name -> [value that is not to be written again, id of the model it was computed with].
Undone = Mapping[str, list[Any]]


def remember(run: Run, row: Change, known: Undone) -> dict[str, list[Any]]:
    """After `row` was written: what it wrote is not undone any more, and what an undo replaced is."""
    mark = "" if row.is_own else f"{row.record_id}."  # its fields are named like the account's
    written = {mark + name for name in row.after}
    left = {name: entry for name, entry in known.items() if name not in written}
    if run.undoes is None or run.undoes.kind == Run.Kind.UNDO:
        return left
    return left | {mark + name: [value, run.model_id] for name, value in row.before.items()}
