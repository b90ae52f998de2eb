"""The small company in an org of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from scoring import presets
from tests.sync.crm_stage import CrmStage, Values

TODAY = date(2026, 11, 23)
ACCOUNTS = 60
SEED = 7


@dataclass
class Stage(CrmStage):
    """A connected portfolio and the org behind it."""

    crm: Served

    today = TODAY
    foreign = "Rating"
    named = "Engineering customers"
    strict = ("guard: {tiers_moved", "guard: {at_least: 3, tiers_moved")

    @property
    def org(self) -> Org:
        return self.crm.org

    def query(self, soql: str) -> list[dict[str, Any]]:
        return list(self.org.query(soql).records)

    def model_text(self) -> str:
        return presets.text("default")

    def edit(self, account: str, **values: Any) -> None:
        self.org.update("Account", [{"Id": account, **values}])

    def refuse_next(self, rows: int) -> None:
        error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No", "fields": []}
        reply = [{"success": False, "errors": [error]}] * rows
        self.fault(method="PATCH", path="/composite/sobjects", nth=1, action="status", status=200, reply=reply)

    def own_values(self) -> Values:
        names = list(self.layout.names.values())
        rows = self.query(f"SELECT Id, {', '.join(names)} FROM Account")
        return {row["Id"]: {name: row[name] for name in names} for row in rows}

    def foreign_values(self) -> Values:
        ours = set(self.layout.names.values())
        fields = self.org.object("Account").fields.values()
        names = [field.name for field in fields if field.updateable and field.name not in ours]
        rows = self.query(f"SELECT Id, {', '.join(names)} FROM Account")
        return {row["Id"]: {name: row.get(name) for name in names} for row in rows}

    def live_one_day(self, accounts: list[str], day: int) -> None:
        chosen, other = accounts[day % len(accounts)], accounts[(day * 7) % len(accounts)]
        self.edit(chosen, Industry=("Marine", "Energy", "Mining")[day % 3])
        self.org.insert("Case", [{"AccountId": other, "Priority": "High", "Subject": f"Case {day}", "Status": "New"}])
        lines = self.query(f"SELECT Id FROM OrderItem WHERE Order.AccountId = '{other}' LIMIT 1")
        if lines and day % 12 == 0:
            self.org.delete("OrderItem", [lines[0]["Id"]])
        if day == 30:
            self.org.delete("Account", [accounts[31]])
