"""Rule about money: an account whose amounts cannot be compared with the others'."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.shape import RuleKey, Severity
from scoring.quality.finding import Checked, Problem, name_of


class NoExchangeRate:
    """A customer with amounts that no rate converts: it gets no tier, and somebody has to know that."""

    id: RuleKey = "no_exchange_rate"
    title = "No exchange rate"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        scores, wanted = checked.scores, checked.model.currency
        if "no_rate" not in scores:
            return
        lacking = scores.loc[scores["no_rate"].notna(), ["account_id", "no_rate"]]
        currencies = dict(zip(lacking["account_id"], lacking["no_rate"], strict=True))
        found = checked.column("account", "id").isin(set(currencies)).to_numpy(dtype=bool)
        for row in checked.rows("account", found & checked.in_scope):
            currency = str(currencies[row["id"]])
            yield Problem(
                "account",
                row,
                row["id"],
                "currency",
                currency,
                f"{name_of(row)} has no tier: it has amounts in {currency}, and there is no exchange rate to {wanted} "
                "for their days.",
                f"If {currency} is wrong, correct the currency of the account or of its orders. If it is right, ask "
                "the CRM administrator to add a rate.",
            )
