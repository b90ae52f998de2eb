"""An org with sales territories: what switching them on adds.

A model holds territories; accounts and users are assigned to them. Without it the org has none of these objects, and a
query of one is refused with INVALID_TYPE. As in Salesforce, there is no way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.org.records import table
from connectors.sandbox.org.standard_fields import flag, lookup, make, picklist, read_only, text

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

MODEL, TERRITORY = "Territory2Model", "Territory2"
OF_USERS, OF_RECORDS = "UserTerritory2Association", "ObjectTerritory2Association"
#: The standard roles; a company may name others.
ROLES = ("Owner", "Administrator", "Sales Rep")

# unverified: the prefixes of the ids of associations.
_OBJECTS = (
    make(MODEL, "Territory Model", "Territory Models", "0MA", [
        text("Name", "Label", 80, required=True, name_field=True),
        text("DeveloperName", "Developer Name", 80, required=True, unique=True),
        picklist("State", "State", "Planning", "Active", "Archived", "Cloning", default="Planning", restricted=True),
    ]),
    make(TERRITORY, "Territory", "Territories", "0MI", [
        text("Name", "Label", 80, required=True, name_field=True),
        text("DeveloperName", "Developer Name", 80, required=True),
        lookup("Territory2ModelId", "Territory Model ID", MODEL, required=True, on_delete="cascade"),
        lookup("ParentTerritory2Id", "Parent Territory ID", TERRITORY),
        lookup("ForecastUserId", "User ID", "User"),
    ]),
    make(OF_USERS, "User Territory Association", "User Territory Associations", "0MM", [
        lookup("Territory2Id", "Territory ID", TERRITORY, required=True, updateable=False, on_delete="cascade"),
        lookup("UserId", "User ID", "User", required=True, updateable=False),
        picklist("RoleInTerritory2", "Role in Territory", *ROLES),
        flag("IsActive", "Active", default=True),
    ]),
    make(OF_RECORDS, "Object Territory Association", "Object Territory Associations", "0MQ", [
        lookup("ObjectId", "Object ID", "Account", "Lead", required=True, updateable=False, on_delete="cascade",
               relationship_name="Object"),
        lookup("Territory2Id", "Territory ID", TERRITORY, required=True, updateable=False, on_delete="cascade"),
        picklist("AssociationCause", "Association Cause", "Territory2AssignmentRule", "Territory2Manual",
                 default="Territory2Manual", restricted=True),
        read_only(picklist("SobjectType", "Object Type", "Account", "Lead", default="Account"), calculated=False),
    ]),
)  # fmt: skip


def enable(org: Org) -> None:
    """Switches sales territories on."""
    org.definitions.add(_OBJECTS)


def forget_deleted(org: Org) -> None:
    """What comes twelve hours after: deleted associations cannot be queried any more, by any means."""
    with org.store.writing() as connection:
        connection.execute(f"DELETE FROM {table(OF_RECORDS)} WHERE IsDeleted = 1")
