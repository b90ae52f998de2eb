"""What is asked of records and written to them: where a read starts, new values, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.base.columns import Scalar


@dataclass(frozen=True)
class Since:
    """Where a read starts: everything modified at or after this instant.

    With `after_id` the read continues behind the last row seen: rows of the same instant with a greater id,
    then all later ones. Many rows of a bulk load share one instant, so the instant alone cannot continue.
    """

    modified_at: datetime
    after_id: str = ""


@dataclass(frozen=True)
class Change:
    """New values for one record, by API field name. None clears a field.

    A record of kind "detail" goes by the id of its account: it is made when it is not there yet, and taken away
    with `remove`. `parent_id` is the account it hangs on, where that is another.
    """

    record_id: str
    values: Mapping[str, Scalar]
    remove: bool = False
    parent_id: str = ""


@dataclass(frozen=True)
class WriteResult:
    """What became of one `Change`: accepted, or refused with the CRM's code and a sentence to read.

    `retryable`: the same row may be accepted if sent again (a lock, for example).
    """

    record_id: str
    ok: bool
    code: str = ""
    message: str = ""
    next_step: str = ""
    fields: tuple[str, ...] = ()
    retryable: bool = False
