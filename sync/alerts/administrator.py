"""The person with whom everything ends that nobody else is there for."""

from __future__ import annotations

from sync import outputs
from sync.models import Portfolio


def address(portfolio: Portfolio) -> str:
    """Who the portfolio or the model names, else the CRM user whose credentials we use; "" where nobody is known."""
    if portfolio.administrator_email:
        return portfolio.administrator_email
    published = portfolio.model_in_force()
    named = outputs.model(published).administrator if published else None
    if named:
        return named.email
    connection = portfolio.crms().first()
    return str(connection.identity.get("user_email", "")) if connection else ""
