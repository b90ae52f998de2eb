"""Territories of a CRM in the mirror: which there are, who works there, and which accounts belong there.

The first two are read whole by every run: they are short, and a person who is taken out leaves no trace but his
absence. Accounts are read by what changed. A CRM forgets within hours what was deleted there, so their number is
compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.base import BulkReads, Crm
from sync import mirror
from sync.alerts.routing import Post
from sync.models import Connection
from sync.outputs import TERRITORIES

TERRITORY, USER, ACCOUNT = "territory", "territory_user", "territory_account"
#: Read whole each time.
SHORT = frozenset({TERRITORY, USER})
#: State of the one model that counts.
ACTIVE = "Active"


def is_behind(copy: mirror.Mirror, crm: Crm, connection: str) -> bool:
    """Whether assignments of accounts were deleted, or came to be visible, without a trace."""
    return isinstance(crm, BulkReads) and crm.count(ACCOUNT) != copy.count(ACCOUNT, connection)


def posts(connection: Connection, accounts: Collection[str]) -> Mapping[str, tuple[Post, ...]]:
    """Who has a place in the territories of these accounts, by account; whoever was assigned first comes first."""
    with mirror.reading(connection.portfolio_id, *TERRITORIES) as tables:
        if TERRITORIES - tables.keys():
            return {}
        rows = mirror.frame(_joined({kind: _own(table, connection.name) for kind, table in tables.items()}))
    rows = rows[rows["account_id"].isin(set(accounts))]
    found: dict[str, list[Post]] = {}
    texts: list[Any] = rows.astype(object).where(rows.notna(), "").to_dict("records")
    for row in texts:
        found.setdefault(row["account_id"], []).append(Post(row["territory"], row["user_id"], row["role"]))
    return {account: tuple(each) for account, each in found.items()}


def _own(table: Any, name: str) -> Any:
    return table.filter(table.connection == name)


def _joined(tables: Mapping[str, Any]) -> Any:
    """Columns account_id, territory, user_id, role, in the order in which accounts and users were assigned."""
    active = tables[TERRITORY].filter(tables[TERRITORY].state == ACTIVE)
    users = tables[USER].filter(tables[USER].is_active)
    where = active.select(territory_id="id", territory="name")
    who = users.select("territory_id", "user_id", "role", user_place="id")
    what = tables[ACCOUNT].select("territory_id", "account_id", account_place="id")
    joined = what.join(where, "territory_id").join(who, "territory_id")
    return joined.order_by("account_place", "user_place").select("account_id", "territory", "user_id", "role")
