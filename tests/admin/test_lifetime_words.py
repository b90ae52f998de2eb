"""A lifetime value on the account's page, with what a person needs to work it out again."""

from __future__ import annotations

from datetime import date

from admin.views import lifetime as words
from scoring import lifetime
from scoring.calibration import Calibration
from scoring.model.lifetime import LifetimeRules
from scoring.rfm import Rfm
from scoring.tiers import Cuts
from scoring.value import ValueScale


def test_a_lifetime_value_can_be_traced_on_the_page() -> None:
    fitted = lifetime.Fitted(300, None, (0.243, 4.414, 0.793, 2.426), (6.25, 3.74, 154_500.0), 0.0)
    held = Calibration("2026-10-01", 300, ValueScale(lifetime=fitted), Rfm(), Cuts())
    origin = {"days": 6.0, "first": "2026-01-01", "last": "2026-09-28", "to_come": 12.3, "each": 4_200_000.0}
    result = {"customer_lifetime_value": 51_660_000, "p_alive": 0.8, "lifetime_from": origin | {"by_mean": False}}
    rules = LifetimeRules(method="repeat_orders", years=3)
    assert dict(words.rows(result, held, rules, date(2026, 11, 1), "EUR")) == {
        "Lifetime value": "5,166 EUR",
        "Still a customer": "80 %",
        "Lifetime value: worked out from": "frequency 5 (days with an order after the first), recency 270 days "
        "(2026-01-01 to 2026-09-28), T 304 days (to 2026-11-01)",
        "Lifetime value: to come": "12.3 days with an order over 3 years, discounted at 10 % a year, of 420 EUR each "
        "(by Gamma-Gamma)",
        "Lifetime value: parameters": "BG/NBD r 0.243, alpha 4.414 days, a 0.793, b 2.426; Gamma-Gamma p 6.25, q 3.74, "
        "gamma 15.45 EUR; fitted to 300 customers as of 2026-10-01",
    }
    refused = Calibration("2026-10-01", 300, ValueScale(), Rfm(), Cuts())
    assert words.rows({}, refused, rules, date(2026, 11, 1), "EUR") == [("Lifetime value", "not enough information")]
