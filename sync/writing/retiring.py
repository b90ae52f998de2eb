"""Retired values leave the CRM's lists once no account holds them any more: records move first."""

from __future__ import annotations

from connectors.base import Crm
from sync.outputs import Layout


def still_held(layout: Layout, crm: Crm) -> dict[str, dict[str, int]]:
    """Per output the retired values of the model, with the number of accounts that hold each."""
    return {
        output.key: {
            value: crm.holders("account", output.names["value"], value)
            for value in output.retired
            if _listed(crm, output.names["value"], value)
        }
        for output in layout.outputs
        if output.retired
    }


def _listed(crm: Crm, name: str, value: str) -> bool:
    described = crm.describe("account").get(name)
    return described is not None and any(known.key == value for known in described.values)


def deserted(held: dict[str, dict[str, int]]) -> dict[str, set[str]]:
    """Those that nobody holds."""
    return {key: {value for value, count in counts.items() if not count} for key, counts in held.items()}
