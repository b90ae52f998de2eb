"""Orders and invoices kept in an object of the company's own are read by the model's mapping."""

from __future__ import annotations

from pathlib import Path

from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.standard_fields import lookup, money
from sync import mirror, outputs
from sync.models import AccountState, Run
from sync.writing import details
from tests.sync.stage import Stage

ORDERS = (
    "      order: {freight: Freight__c, is_expedited: Expedited__c}\n",
    "      order: {account_id: Customer__c, ordered_on: Issued__c, amount: Amount__c}\n"
    "      invoice: {account_id: Customer__c, issued_on: Issued__c, due_on: Due__c, paid_on: Paid__c,"
    " amount: Amount__c}\n",
)
FROM_ORDERS = ("  revenue_from: order_lines\n", "  revenue_from: orders\n")
INVOICES = ("\ncrm:\n  salesforce:\n", "\ncrm:\n  salesforce:\n    objects: {order: Invoice__c, invoice: Invoice__c}\n")
BASIS = ("  basis: auto ", "  basis: revenue ")


def invoices(stage: Stage) -> None:
    stage.org.create_object(ObjectDef("Invoice__c", "Invoice", "Invoices", "", custom=True))
    for field in (
        lookup("Customer__c", "Customer", "Account", relationship_name="Customer__r", custom=True),
        money("Amount__c", "Amount", custom=True),
        *(FieldDef(f"{name}__c", name, "date", custom=True) for name in ("Issued", "Due", "Paid")),
    ):
        stage.org.save_field("Invoice__c", field)
    account = AccountState.objects.exclude(tier="platinum").filter(in_scope=True)[0].record_id
    rows = [
        {
            "Customer__c": account,
            "Amount__c": 900_000.5,
            "Issued__c": f"2026-0{month}-01",
            "Due__c": f"2026-0{month}-20",
            "Paid__c": f"2026-0{month}-{day}",
        }
        for month, day in ((3, 20), (6, 21), (9, 30))
    ]
    assert all(outcome.success for outcome in stage.org.insert("Invoice__c", rows))


def test_invoices_stand_for_orders(after_run: Stage, tmp_path: Path) -> None:
    invoices(after_run)
    after_run.publish(ORDERS, FROM_ORDERS, INVOICES, BASIS, folder=tmp_path)
    run = after_run.work(after_run.start(), until=Run.Step.GUARD)
    with mirror.reading(after_run.portfolio.pk) as held:
        table = held["order"].to_pandas()
        late = held["invoice"].filter(lambda invoice: invoice.paid_on > invoice.due_on).count().execute()
    assert late == 2
    assert sorted(table["amount"]) == [9_000_005_000] * 3
    best = run.portfolio.connections.get().accounts.order_by("-value_score").first()
    assert best is not None
    assert best.record_id == table["account_id"][0]
    assert best.score is not None
    assert best.score.result["revenue"] == 27_000_015_000
    assert "Payment risk: not enough information (3 of 5 invoices in the last 12 months)" in best.score.result["risks"]
    told = details.computed(best.score.result, outputs.model(best.score.model))
    known = "payment risk (not enough information: 3 of 5 invoices in the last 12 months)"
    assert known in str(told["missing"])
    assert "not enough" not in str(told["warnings"]), "what is not known warns of nothing"


def test_an_object_that_is_not_there_ends_the_run_with_its_name(after_run: Stage, tmp_path: Path) -> None:
    after_run.publish(ORDERS, FROM_ORDERS, INVOICES, BASIS, folder=tmp_path)
    run = after_run.run()
    assert run.state == Run.State.FAILED
    assert "Invoice__c, which the org does not have" in run.error
