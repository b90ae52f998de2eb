"""What was fitted on the whole base, once per model and period. Scoring applies it row by row.

Equal customers give equal bytes of JSON, whatever the order they were read in.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from scoring.rfm import Rfm
from scoring.tiers import Cuts
from scoring.value import ValueScale


@dataclass(frozen=True)
class Calibration:
    """Everything `scoring.pipeline.score` needs beside the model.

    Attributes:
        as_of: ISO date scored for.
        customers: accounts in scope it was fitted to.
    """

    as_of: str
    customers: int
    value: ValueScale
    rfm: Rfm
    cuts: Cuts

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Reads what `to_json` wrote."""
        held: dict[str, Any] = json.loads(text)
        value = held["value"]
        value["limits"] = {name: tuple(limits) for name, limits in value["limits"].items()}
        return cls(
            as_of=held["as_of"],
            customers=held["customers"],
            value=ValueScale(**value),
            rfm=Rfm(**{name: tuple(limits) for name, limits in held["rfm"].items()}),
            cuts=Cuts(**held["cuts"]),
        )
