"""Owners of records, and the users they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, whole
from connectors.sandbox.hubspot_api.paging import forward
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.outcomes import NOT_FOUND, refused
from connectors.sandbox.portal.owners import Owner
from connectors.sandbox.portal.portal import Portal


@dataclass(frozen=True)
class People:
    """Owners of one portal."""

    portal: Portal

    def entries(self) -> list[Entry]:
        return [
            ("GET", r"owners", "crm.objects.owners.read", self.page),
            ("GET", r"owners/([^/]+)", "crm.objects.owners.read", self.get),
            ("GET", r"settings/users", "settings.users.read", self.users),
        ]

    def page(self, call: Call) -> Reply:
        limit, email = call.limit(100, 500), call.one("email").lower()
        found = [
            each
            for each in self.portal.owners.all(archived=call.flag("archived"))
            if each.id > call.after() and email in ("", each.email.lower())
        ]
        page = found[:limit]
        more = forward(call, str(page[-1].id)) if len(found) > limit else {}
        return Reply({"results": [_shown(each) for each in page], **more})

    def get(self, call: Call) -> Reply:
        number, archived = whole(call.parts[0], "ownerId"), call.flag("archived")
        if call.one("idProperty", "id") == "userId":
            found = self.portal.owners.by_user(number)
            found = found if found and bool(found.archived) == archived else None
        else:
            found = self.portal.owners.get(number, archived=archived)
        if found is None:
            raise refused(NOT_FOUND, f"Owner {number} does not exist", id=str(number))
        return Reply(_shown(found))

    def users(self, call: Call) -> Reply:
        """Those who are active."""
        people = self.portal.owners.all()
        return Reply(
            {
                "results": [
                    {
                        "id": str(each.user_id), "email": each.email, "firstName": each.first_name,
                        "lastName": each.last_name, "roleIds": [], "superAdmin": each.id == self.portal.admin.id,
                    }
                    for each in people
                ]
            }
        )  # fmt: skip


def _shown(owner: Owner) -> dict[str, Any]:
    person = {"userIdIncludingInactive": owner.user_id} | ({} if owner.archived else {"userId": owner.user_id})
    return {
        "id": str(owner.id), "email": owner.email, "type": "PERSON", "firstName": owner.first_name,
        "lastName": owner.last_name, **person, "createdAt": to_text(owner.created),
        "updatedAt": to_text(owner.updated), "archived": bool(owner.archived),
    }  # fmt: skip
