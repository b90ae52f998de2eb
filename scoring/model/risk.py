"""Model section on early warnings: from where on a figure is a warning, and how much has to be known first."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from scoring.model.conditions import STRICT
from scoring.model.tiers import Share

Count = Annotated[int, Field(ge=1, le=1000, strict=True)]


class Churn(BaseModel):
    """Churn risk learned from customers that stopped ordering.

    Attributes:
        months: a customer that orders nothing in as many months has churned.
        min_events: customers lost, and customers kept, below which nothing is learned.
        min_auc: share of unseen pairs that have to be ranked rightly (0.5 is chance).
        times: how many times the average risk is a warning; 80 % always is.
    """

    model_config = STRICT

    months: Annotated[int, Field(ge=1, le=24, strict=True)] = 6
    min_events: Annotated[int, Field(ge=20, le=100_000, strict=True)] = 100
    min_auc: Annotated[float, Field(ge=0.5, le=1, strict=True)] = 0.65
    times: Annotated[float, Field(ge=1, le=10, strict=True)] = 2


class Risk(BaseModel):
    """Early warnings of payment and churn risk.

    Attributes:
        late: share of the window's invoices that were late.
        later: days by which the mean delay of the window's second half exceeds that of its first.
        disputed: share of the window's invoices that were disputed.
        overdue: amount that is overdue, in whole units; any amount above it is a warning.
        silence: how many times its own usual gap between two orders an account may be silent.
        revenue_fall, contacts_fall: drop of revenue and of activities against the window before, as a share of it.
        min_invoices: invoices below which shares and delays say nothing; for `later` in each half.
        min_orders: days with an order that make a usual gap, and orders before the window that revenue may fall from.
        min_contacts: activities in the window before, from which contacts may fall.
        churn: learns the risk of losing a customer where enough were lost; null for rules alone.
    """

    model_config = STRICT

    late: Share = 0.3
    later: Annotated[float, Field(gt=0, strict=True)] = 5
    disputed: Share = 0.2
    overdue: Annotated[float, Field(ge=0, strict=True)] = 0
    silence: Annotated[float, Field(ge=1, strict=True)] = 2
    revenue_fall: Share = 0.3
    contacts_fall: Share = 0.5
    min_invoices: Count = 5
    min_orders: Count = 4
    min_contacts: Count = 6
    churn: Churn | None = Churn()
