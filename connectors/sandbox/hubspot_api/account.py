"""The account itself: what it is called, and how many calls of the day are used."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply
from connectors.sandbox.portal.moments import to_ms, to_text
from connectors.sandbox.portal.portal import Portal


@dataclass(frozen=True)
class Account:
    """One portal as an account."""

    portal: Portal

    def entries(self) -> list[Entry]:
        return [
            ("GET", r"account-info/details", "", self.details),
            ("GET", r"settings/currencies/company-currency", "settings.currencies.read", self.company_currency),
            ("GET", r"account-info/api-usage/daily/private-apps", "", self.usage),
        ]

    def details(self, call: Call) -> Reply:
        return Reply(
            {
                "portalId": self.portal.portal_id, "accountType": "STANDARD", "timeZone": "UTC",
                "companyCurrency": self.portal.currency,
                "additionalCurrencies": self.portal.setting("additional_currencies") or [],
                "utcOffset": "+00:00", "utcOffsetMilliseconds": 0, "uiDomain": "app-eu1.hubspot.com",
                "dataHostingLocation": "eu1",
            }
        )  # fmt: skip

    def company_currency(self, call: Call) -> Reply:
        return Reply({"id": self.portal.currency, "createdAt": to_text(self.portal.admin.created)})

    def usage(self, call: Call) -> Reply:
        used, most, ends = self.portal.limits.today()
        return Reply(
            {
                "results": [
                    {
                        "name": "private-apps-api-calls-daily", "usageLimit": most, "currentUsage": used,
                        "collectedAt": to_text(self.portal.now()), "fetchStatus": "SUCCESS",
                        "resetsAt": to_text(to_ms(ends)),
                    }
                ]
            }
        )  # fmt: skip
