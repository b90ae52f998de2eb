"""Merging our picklist values into a list that other people use too: nothing foreign is dropped or renamed.

CRMs replace such a list whole. So it is read, merged and written. A value is ours when its key is in the model;
everything else stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import PicklistValue


@dataclass(frozen=True)
class Merge:
    """A merged list. `notes` say what changes, in a plan's words; none means unchanged."""

    values: tuple[PicklistValue, ...]
    notes: tuple[str, ...]
    foreign: tuple[str, ...]


def merge(existing: Sequence[PicklistValue], wanted: Sequence[PicklistValue]) -> Merge:
    """`existing` with our values added, relabelled, activated or retired; order and foreign values stay."""
    ours = {value.key: value for value in wanted}
    present = {value.key for value in existing}
    kept: list[PicklistValue] = []
    notes: list[str] = []
    for value in existing:
        mine = ours.get(value.key)
        if mine is not None and value.label != mine.label:
            notes.append(f'label "{value.label}" becomes "{mine.label}"')
        if mine is not None and value.active != mine.active:
            notes.append(f'"{mine.label}" is {"activated again" if mine.active else "retired"}')
        kept.append(value if mine is None else mine)
    # A retired value that never existed here needs no entry.
    added = [value for value in wanted if value.key not in present and value.active]
    notes = [f'+ "{value.label}"' for value in added] + notes
    foreign = tuple(value.label for value in existing if value.key not in ours and value.active)
    return Merge((*kept, *added), tuple(notes), foreign)
