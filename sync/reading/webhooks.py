"""Webhooks of a CRM, taken up as marks on accounts.

What an event says is not acted on: it marks the account, and a micro-batch reads the account from the CRM. So an event
may come twice, late or not at all. One that came before is passed over all the same, and so are those that our own
writes cause: they are told by the value, which is what we wrote last, not by who wrote it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError

from connectors.hubspot.notices import Notice
from sync import outputs
from sync.models import AccountState, Connection
from sync.reading import dirty
from sync.reading.events import ANY

#: Seconds for which an event is known again. HubSpot repeats what we did not confirm over 24 hours.
KNOWN = 2 * 24 * 3600
_REASON = "an event of HubSpot"


def take(connection: Connection, notices: Sequence[Notice]) -> int:
    """Mark what these events, in the order in which they happened, are about; returns how many were new."""
    fresh = _new(connection, notices)
    newest = {(notice.kind, notice.record_ids, notice.name): notice for notice in fresh}
    told = [notice for notice in newest.values() if notice.kind]
    ours = _Ours.of(connection, {record for notice in told for record in notice.record_ids})
    people = [notice for notice in told if not ours.wrote(notice)]
    accounts = {record for notice in people if notice.kind == "account" for record in notice.record_ids}
    with transaction.atomic():
        dirty.mark(connection, accounts, _REASON)
        if any(notice.kind != "account" for notice in people):
            dirty.mark(connection, {ANY}, f"{_REASON} on a record beside a company")
    _remember(connection, fresh)
    return len(fresh)


class _Ours:
    """What we keep on the accounts that events are about."""

    def __init__(
        self, keys: Mapping[str, str], kept: Collection[str], written: Mapping[str, Mapping[str, object]]
    ) -> None:
        self._keys = keys
        self._kept = kept
        self._written = written

    @classmethod
    def of(cls, connection: Connection, accounts: Collection[str]) -> _Ours:
        published = connection.portfolio.model_in_force()
        if published is None:
            return cls({}, (), {})
        layout = outputs.layout(published, connection)
        keys = {output.names["value"]: output.key for output in layout.outputs}
        people = {spec.name for spec in layout.specs() if spec.people_edit}
        names = {*layout.names.values(), *layout.detail.values()}
        states = AccountState.objects.filter(connection=connection, record_id__in=list(accounts))
        written = dict(states.values_list("record_id", "written"))
        return cls(keys, names - people - keys.keys(), written)

    def wrote(self, notice: Notice) -> bool:
        """Whether the event tells of a value that only we keep, or of the one that we wrote last."""
        if notice.kind != "account" or not notice.name:
            return False
        if notice.name in self._kept:
            return True
        key = self._keys.get(notice.name)
        held = [self._written[record] for record in notice.record_ids if record in self._written]
        return bool(key and held) and all(state.get(key or "") == (notice.value or None) for state in held)


def _new(connection: Connection, notices: Sequence[Notice]) -> list[Notice]:
    """Those of this account that did not come before, each once."""
    mine = {notice.key: notice for notice in notices if notice.hub == connection.identity.get("org_id")}
    known: Collection[str] = ()
    with suppress(RedisError):
        if (redis := _redis()) and mine:
            found = redis.mget([_name(connection, key) for key in mine])
            known = {key for key, value in zip(mine, found, strict=True) if value}
    return [notice for key, notice in mine.items() if key not in known]


def _remember(connection: Connection, notices: Sequence[Notice]) -> None:
    """Only now, because an event whose marks are lost has to come again."""
    with suppress(RedisError):
        if (redis := _redis()) and notices:
            pipe = redis.pipeline()
            for notice in notices:
                pipe.set(_name(connection, notice.key), 1, ex=KNOWN)
            pipe.execute()


def _redis() -> Redis | None:
    url = settings.REDIS_URL
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) if url else None


def _name(connection: Connection, key: str) -> str:
    return f"tierline:event:{connection.pk}:{key}"
