"""Rule about money: an account whose amounts cannot be compared with the others'."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model_types import RuleKey, Severity
from scoring.quality.finding import Checked, Problem, name_of


class NoExchangeRate:
    """A customer in another currency than the model's: it gets no tier, and somebody has to know that."""

    id: RuleKey = "no_exchange_rate"
    title = "No exchange rate"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        wanted = checked.model.currency
        held = checked.column("account", "currency")
        foreign = ((held != "") & (held != wanted)).to_numpy(dtype=bool)
        for row in checked.rows("account", foreign & checked.in_scope):
            currency = str(row["currency"]).strip()
            yield Problem(
                "account",
                row,
                row["id"],
                "currency",
                currency,
                f"{name_of(row)} has no tier: its amounts are in {currency}, and there is no exchange rate "
                f"to {wanted}.",
                f"If {currency} is wrong, correct the account's currency. If it is right, ask the CRM administrator to "
                f"supply its amounts in {wanted}.",
            )
