"""An org with several currencies: its rates convert, and who has none is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from admin import portfolios, preflight
from connectors.sandbox.org import currencies
from sync import mirror
from sync.models import AccountState, Connection, Finding, Run
from tests.sync.stage import Stage


def result(stage: Stage, record_id: str) -> dict[str, Any]:
    score = AccountState.objects.get(record_id=record_id).score
    assert score is not None
    return dict(score.result)


def paid_in(stage: Stage, account: str, code: str) -> None:
    orders = stage.query(f"SELECT Id FROM Order WHERE AccountId = '{account}'")
    done = stage.org.update("Order", [{"Id": row["Id"], "CurrencyIsoCode": code} for row in orders])
    assert orders
    assert all(outcome.success for outcome in done)


def test_orders_are_converted_by_the_rates_of_the_org_which_touch_every_account_when_they_change(
    after_run: Stage,
) -> None:
    """The org counts in dollars, the model in euros: a dollar is 0.8 of them, a pound twice a dollar."""
    stage = after_run
    customers = AccountState.objects.filter(score__result__tier__isnull=False).order_by("-value_score")
    dollars, pounds, crowns = [state.record_id for state in customers[:3]]
    before = result(stage, dollars)["revenue"], result(stage, pounds)["revenue"]
    currencies.enable(stage.org, "USD", {"EUR": 0.8, "GBP": 0.5, "SEK": 10}, {"SEK": {date(2026, 11, 22): 10.0}})
    paid_in(stage, pounds, "GBP")
    paid_in(stage, crowns, "SEK")
    run = stage.run()
    assert run.state == Run.State.DONE, run.error
    assert abs(result(stage, dollars)["revenue"] - before[0] * 0.8) < 10
    assert abs(result(stage, pounds)["revenue"] - before[1] * 1.6) < 10
    assert (result(stage, crowns)["tier"], result(stage, crowns)["no_rate"]) == (None, "SEK")
    (finding,) = Finding.objects.filter(rule="no_exchange_rate")
    assert finding.record_id == crowns
    with mirror.reading(stage.portfolio.pk) as held:
        assert held["rate"].count().execute() == 5

    (row,) = stage.query("SELECT Id FROM CurrencyType WHERE IsoCode = 'EUR'")
    assert stage.org.update("CurrencyType", [{"Id": row["Id"], "ConversionRate": 0.4}])[0].success
    assert stage.run().counts["whole"]
    assert abs(result(stage, dollars)["revenue"] - before[0] * 0.4) < 10


def test_an_org_that_counts_in_another_currency_is_refused_until_a_rate_converts_it(
    after_run: Stage, tmp_path: Path
) -> None:
    """No record names the currency of an org that has one only."""
    stage = after_run
    currencies.count_in(stage.org, "USD")
    Connection.objects.update(identity={})  # as one that was connected before it was asked
    stage.fault(path="/services/Soap/u/", action="status", status=403)
    portfolios.check(stage.connection)
    stage.connection.refresh_from_db()
    assert "does not say in which currency it counts" in " ".join(preflight.currency(stage.connection) or ())
    run = stage.run()
    assert run.state == Run.State.FAILED
    assert run.error == f"Amounts of {stage.connection} are in USD, the model counts in EUR, and no rate converts them."
    assert "`currency: USD`" in run.next_step

    one = AccountState.objects.filter(score__result__tier__isnull=False).order_by("-value_score")[0].record_id
    before = result(stage, one)["revenue"]
    (tmp_path / "rates.csv").write_text("currency,rate\nUSD,1.25\n")
    mapping = tmp_path / "rates.yaml"
    mapping.write_text(
        "sources:\n  - kind: rate\n    path: rates.csv\n    columns: {id: currency, currency: currency, rate: rate}\n"
    )
    portfolios.add_files(stage.portfolio, "treasury", mapping, None)
    run = stage.run()
    assert run.state == Run.State.DONE, run.error
    assert abs(result(stage, one)["revenue"] - before * 0.8) < 10
