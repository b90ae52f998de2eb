"""The resource `sobjects/User/005.../password`: is it expired, set it, have a new one made."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.calls import MISSING, ApiError, Call, Entry, Reply

_SHORTEST = 8


@dataclass(frozen=True)
class Passwords:
    """Passwords of one org's users; with them they log in at the pages and by SOAP."""

    org: Org

    def entries(self) -> list[Entry]:
        address = r"sobjects/User/(\w{15}|\w{18})/password"
        return [(("GET",), address, self.state), (("POST",), address, self.set), (("DELETE",), address, self.reset)]

    def state(self, call: Call) -> Reply:
        self._username(call)
        return Reply({"isExpired": False})

    def set(self, call: Call) -> Reply:
        username = self._username(call)
        wanted = call.mapping().get("NewPassword")
        if not isinstance(wanted, str) or len(wanted) < _SHORTEST:
            # unverified: what a password is called that the org's policy does not take.
            raise ApiError("INVALID_NEW_PASSWORD", f"Your password must be at least {_SHORTEST} characters long.")
        self._save(call, username, wanted)
        return Reply(None, 204)

    def reset(self, call: Call) -> Reply:
        username = self._username(call)
        made = secrets.token_urlsafe(9)
        self._save(call, username, made)
        return Reply({"NewPassword": made})

    def _save(self, call: Call, username: str, password: str) -> None:
        if "ManageUsers" not in self.org.access.user_permissions(call.user_id):
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        self.org.sessions.set_password(username, ids.normalize(call.parts[0]) or "", password)

    def _username(self, call: Call) -> str:
        record_id = ids.normalize(call.parts[0]) or ""
        known = record_id.startswith(self.org.object("User").key_prefix)
        rows = self.org.query(f"SELECT Username FROM User WHERE Id = '{record_id}'").records if known else []
        if not rows:
            raise ApiError("NOT_FOUND", MISSING)
        return str(rows[0]["Username"])
