"""Capability: a CRM that counts in one currency."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class OneCurrency(Protocol):
    """Capability: a CRM whose amounts may all be in one currency, which no record names."""

    def currency(self) -> str:
        """Its code, for records that name none; "" where every record says its own."""
