"""An org with sales territories, as files fill it and as two clients see it; without them it has no such objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.salesforce import Client, Credentials, Salesforce
from connectors.sandbox import load as loading
from connectors.sandbox import mapping
from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org

KINDS = {"territory", "territory_user", "territory_account"}
MAPPING = """
name: regions
territories: true
load:
  - object: Account
    rows: [{name: Nord}]
    key: name
    fields: {Name: name}
  - object: User
    rows: [{name: Rep}]
    key: name
    fields:
      LastName: name
      Alias: name
      Username: {constant: rep@example.com}
      Email: {constant: rep@example.com}
  - object: Territory2Model
    rows: [{name: Now}]
    key: name
    fields: {Name: name, DeveloperName: name, State: {constant: Active}}
  - object: Territory2
    rows: [{name: Nordics, model: Now}]
    key: name
    fields: {Name: name, DeveloperName: name, Territory2ModelId: {lookup: Territory2Model, by: model}}
  - object: UserTerritory2Association
    rows: [{where: Nordics, who: Rep}]
    key: who
    fields:
      Territory2Id: {lookup: Territory2, by: where}
      UserId: {lookup: User, by: who}
      RoleInTerritory2: {constant: Sales Rep}
  - object: ObjectTerritory2Association
    rows: [{where: Nordics, what: Nord}]
    key: what
    fields: {Territory2Id: {lookup: Territory2, by: where}, ObjectId: {lookup: Account, by: what}}
"""


def connector(served: Served) -> Salesforce:
    facts = served.facts
    credentials = Credentials(facts["url"], client_id=facts["client_id"], client_secret=facts["client_secret"])
    return Salesforce(Client(credentials))


def test_territories_are_there_where_they_are_switched_on(
    client: Any, served: Served, org: Org, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="INVALID_TYPE"):
        client.query("SELECT Id FROM Territory2")
    assert not KINDS & connector(served).kinds().keys()
    loading.load(org, tmp_path, mapping.parse(MAPPING, "mapping.yaml"))
    (row,) = client.query(
        "SELECT Object.Name, Territory2.Name, Territory2.Territory2Model.State, AssociationCause, SobjectType "
        "FROM ObjectTerritory2Association"
    )["records"]
    assert (row["Object"]["Name"], row["Territory2"]["Name"]) == ("Nord", "Nordics")
    assert row["Territory2"]["Territory2Model"]["State"] == "Active"
    assert (row["AssociationCause"], row["SobjectType"]) == ("Territory2Manual", "Account")
    crm = connector(served)
    kinds = crm.kinds()
    read = {kind: next(crm.pull(kind, kinds[kind], None)).to_pylist()[0] for kind in KINDS}
    assert (read["territory"]["name"], read["territory"]["state"]) == ("Nordics", "Active")
    assert (read["territory_user"]["role"], read["territory_user"]["is_active"]) == ("Sales Rep", True)
    assert read["territory_account"]["territory_id"] == read["territory"]["id"]
    crm.close()
