"""Lifetime values from a model file to accounts and customer equity, in a full run and after an incremental one."""

from __future__ import annotations

from pathlib import Path

from scoring.money import SCALE
from sync import starting
from sync.models import AccountState, Run
from sync.scores import evaluate
from tests.sync.stage import TODAY, Stage


def worth() -> dict[str, int]:
    """Account -> its lifetime value."""
    found = {
        state.record_id: state.score.result for state in AccountState.objects.select_related("score") if state.score
    }
    return {
        each: result["customer_lifetime_value"] for each, result in found.items() if result["customer_lifetime_value"]
    }


def test_customer_equity_is_the_sum_of_what_stands_on_the_accounts(after_run: Stage, tmp_path: Path) -> None:
    after_run.publish(("\nrisk:\n", "\nclv: {retention: 0.8}\nrisk:\n"), folder=tmp_path)
    run = after_run.run()
    assert run.state == Run.State.DONE, run.error
    total = sum(worth().values())
    assert run.counts["customer_equity"] == total > 0
    assert evaluate.equity(run) == (
        f"Customer equity {round(total / SCALE):,} EUR: the lifetime values of "
        f"{run.counts['customers_valued']:,} customers together."
    )
    account = next(iter(worth()))
    (order,) = after_run.query(
        f"SELECT Id FROM Order WHERE AccountId = '{account}' ORDER BY EffectiveDate DESC LIMIT 1"
    )
    assert after_run.org.delete("Order", [order["Id"]])[0].success
    later = after_run.work(starting.create(after_run.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY))
    assert not later.counts["whole"]
    assert later.counts["customer_equity"] == sum(worth().values()) < total
