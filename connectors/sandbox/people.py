"""Users made from nothing but names: what the org needs besides is filled in."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.expressions import ascii_name
from connectors.sandbox.org.org import Org


def standard_profile(org: Org) -> str:
    """Id of the profile that ordinary people have."""
    return org.find_ids("Profile", "Name", "Standard User")[0]


def complete_user(row: Mapping[str, object], profile_id: str) -> dict[str, object]:
    """A User row with alias, profile, e-mail address and the active flag, unless it has its own."""
    first, last = str(row.get("FirstName") or ""), str(row.get("LastName") or "")
    alias = (ascii_name(first)[:1] + ascii_name(last).replace(".", ""))[:8] or "user"
    made = {"Alias": alias, "ProfileId": profile_id, "IsActive": True, "Email": row.get("Username")}
    return {**made, **{name: value for name, value in row.items() if value is not None}}


def user(name: str, domain: str, *, active: bool = True, title: str = "", manager_id: str = "") -> dict[str, object]:
    """The values of a User that follow from a name, e.g. "Åsa Lind" at "example.com"."""
    first, _, last = name.rpartition(" ")
    row: dict[str, object] = {
        "FirstName": first,
        "LastName": last,
        "Username": f"{ascii_name(name)}@{domain}",
        "IsActive": active,
        "Title": title or None,
        "ManagerId": manager_id or None,
    }
    return row
