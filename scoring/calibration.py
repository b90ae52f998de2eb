"""What was fitted on the whole base, once per model and period. Scoring applies it row by row.

Equal customers give equal bytes of JSON, whatever the order they were read in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from scoring import lifetime
from scoring.churn import Fitted
from scoring.rfm import Rfm
from scoring.tiers import Cuts
from scoring.value import ValueScale


@dataclass(frozen=True)
class Calibration:
    """Everything `scoring.pipeline.score` needs beside the model.

    Attributes:
        as_of: ISO date scored for.
        customers: accounts in scope it was fitted to.
        churn: what was learned of customers that left; None where rules speak. churn_note: which, and why.
        units: by business unit of our own, what was fitted to its customers. units_note: what to know about that.
        cost_note: what no account's activities explain of the cost of a role, in words; "" where the model states none.
    """

    as_of: str
    customers: int
    value: ValueScale
    rfm: Rfm
    cuts: Cuts
    cost_note: str = ""
    churn: Fitted | None = None
    churn_note: str = ""
    units: Mapping[str, Calibration] = field(default_factory=dict)
    units_note: str = ""

    @property
    def note(self) -> str:
        """What an administrator should know about it."""
        told = (self.value.revenue_note, self.cuts.note, self.cost_note, self.value.lifetime_note)
        parts = (*told, self.churn_note, self.units_note)
        return " ".join(part for part in parts if part)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Reads what `to_json` wrote."""
        return _read(json.loads(text))


def _read(held: dict[str, Any]) -> Calibration:
    return Calibration(
        as_of=held["as_of"],
        customers=held["customers"],
        value=_scale(held["value"]),
        rfm=Rfm(**_tuples(held["rfm"])),
        cuts=_cuts(held["cuts"]),
        cost_note=held.get("cost_note", ""),
        churn=Fitted(**_tuples(held["churn"])) if held.get("churn") else None,
        churn_note=held.get("churn_note", ""),
        units={unit: _read(own) for unit, own in held.get("units", {}).items()},
        units_note=held.get("units_note", ""),
    )


def _cuts(held: dict[str, Any]) -> Cuts:
    regional = {region: _tuples(at) for region, at in held.get("regional", {}).items()}
    tupled = {"at": _tuples(held["at"]), "quantiles": _tuples(held["quantiles"]), "regional": regional}
    return Cuts(**{**held, **tupled})


def _scale(held: dict[str, Any]) -> ValueScale:
    lasting = held.get("lifetime")
    fitted = lifetime.Fitted(**_tuples(lasting)) if lasting else None
    return ValueScale(**{**held, "limits": _tuples(held["limits"]), "lifetime": fitted})


def at(calibration: Calibration, as_of: date) -> Calibration:
    """The same fit under another date, so that two fits can be compared."""
    units = {unit: replace(own, as_of=as_of.isoformat()) for unit, own in calibration.units.items()}
    return replace(calibration, as_of=as_of.isoformat(), units=units)


def _tuples(lists: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(values) if isinstance(values, list) else values for name, values in lists.items()}
