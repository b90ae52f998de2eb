"""Row locks: writes that meet at one record, or at one parent of theirs, and rows that are made to meet on purpose.

A write locks its records and their parents. While the setting `row_locks` is on, a write that runs at the same time
and needs one of them waits, and the rows that waited too long are refused with UNABLE_TO_LOCK_ROW, each on its own.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.access import is_business
from connectors.sandbox.org.outcomes import RowError, RowOutcome
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.writes import ROLLED_BACK

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

#: Seconds a write waits for a lock unless the setting says otherwise.
WAIT = 10.0
_CATALOG = frozenset({"Product2", "Pricebook2", "PricebookEntry"})
Row = Mapping[str, object]
Write = Callable[[Sequence[Row]], list[RowOutcome]]


@dataclass
class LockStorm:
    """Rows that fail on purpose.

    Attributes:
        rows: positions in the write, counted from 0.
        probability: of each other row, drawn from `dice`.
        objects: names; empty for all.
    """

    dice: random.Random
    rows: frozenset[int] = frozenset()
    probability: float = 0.0
    objects: frozenset[str] = frozenset()
    _seen: int = field(default=0, init=False)

    def struck(self, object_name: str, count: int) -> frozenset[int]:
        """Positions, among the next `count` rows, of those that fail."""
        first, self._seen = self._seen, self._seen + count
        if self.objects and object_name not in self.objects:
            return frozenset()
        return frozenset(at for at in range(count) if first + at in self.rows or self.dice.random() < self.probability)


#: The storm of the request that is being answered; the fault plan sets it.
REQUEST_STORM: ContextVar[LockStorm | None] = ContextVar("request_storm", default=None)


class RowLocks:
    """Locks of one org, held by threads of this process for the length of a write."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._changed = threading.Condition()
        self._held: dict[str, int] = {}
        self._storm: tuple[Any, LockStorm] | None = None

    def write(self, definition: ObjectDef, rows: Sequence[Row], all_or_none: bool, write: Write) -> list[RowOutcome]:
        """Writes the rows that get their locks; the others are refused. One outcome per row, in order."""
        setting = self._org.setting("row_locks")
        refused = dict.fromkeys(self._struck(definition, len(rows)), "")
        if not setting:
            return _written(rows, refused, all_or_none, write)
        keys = [self._keys(definition, row) for row in rows]
        with self._holding(set().union(*keys), float(setting.get("wait", WAIT))) as busy:
            time.sleep(float(setting.get("hold", 0)))
            refused |= {at: min(wanted & busy) for at, wanted in enumerate(keys) if wanted & busy}
            return _written(rows, refused, all_or_none, write)

    def _struck(self, definition: ObjectDef, count: int) -> frozenset[int]:
        request = REQUEST_STORM.get()
        setting = self._org.setting("lock_storm")
        struck = request.struck(definition.name, count) if request else frozenset()
        if setting:
            if self._storm is None or self._storm[0] != setting:
                self._storm = (setting, _storm(setting))
            struck |= self._storm[1].struck(definition.name, count)
        return struck

    def _keys(self, definition: ObjectDef, row: Row) -> frozenset[str]:
        """The record of the row and the parents it has or will have."""
        record_id = ids.normalize(row.get("Id") or row.get("id"))
        named = {name.lower(): value for name, value in row.items()}
        lookups = [item for item in definition.fields.values() if self._is_parent(item)]
        parents = {ids.normalize(named.get(item.name.lower())) for item in lookups}
        if record_id and lookups:
            stored = self._org.store.fetch(definition, [record_id], [item.name for item in lookups])
            parents |= set(stored.get(record_id, {}).values())
        return frozenset(key for key in (record_id, *parents) if key)

    def _is_parent(self, item: FieldDef) -> bool:
        targets = [self._org.definitions.get(name) for name in item.reference_to]
        return any(is_business(target) and target.name not in _CATALOG for target in targets)

    @contextmanager
    def _holding(self, wanted: set[str], wait: float) -> Iterator[set[str]]:
        """Holds what can be had in that time; yields what cannot."""
        me, deadline = threading.get_ident(), time.monotonic() + wait
        with self._changed:
            while busy := {key for key in wanted if self._held.get(key, me) != me}:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            mine = {key for key in wanted - busy if key not in self._held}
            self._held.update(dict.fromkeys(mine, me))
        try:
            yield busy
        finally:
            with self._changed:
                for key in mine:
                    del self._held[key]
                self._changed.notify_all()


def _storm(setting: Mapping[str, Any]) -> LockStorm:
    dice = random.Random(setting.get("seed", 0))  # noqa: S311 - not for secrets
    return LockStorm(dice, frozenset(), float(setting["probability"]), frozenset(setting.get("objects", ())))


def _written(rows: Sequence[Row], refused: Mapping[int, str], all_or_none: bool, write: Write) -> list[RowOutcome]:
    if not refused:
        return write(rows)
    taken = [row for at, row in enumerate(rows) if at not in refused]
    if all_or_none:
        done = iter([RowOutcome(None, False, (ROLLED_BACK,))] * len(taken))
    else:
        done = iter(write(taken) if taken else [])
    return [_locked(refused[at]) if at in refused else next(done) for at in range(len(rows))]


def _locked(record_id: str) -> RowOutcome:
    place = f": {record_id}" if record_id else ""
    message = f"unable to obtain exclusive access to this record or 1 records{place}"
    return RowOutcome(None, False, (RowError("UNABLE_TO_LOCK_ROW", message),))
