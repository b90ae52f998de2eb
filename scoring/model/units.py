"""Model section on the company's own business units, each of which may sell to the same account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from scoring.model.cuts import Cut, Key, Label, Part


class BusinessUnit(Part):
    """One of our own units.

    Attributes:
        values: how records name it in their column `business_unit`; its label where this is left out.
        cuts: cuts of axes that hold for its tiers in place of the scheme's.
    """

    key: Key
    label: Label
    values: tuple[Label, ...] = ()
    cuts: Mapping[Key, tuple[Cut, ...]] = {}

    def column(self, name: str) -> str:
        """Name of a column on the unit's tier: "unit_medical_tier"."""
        return f"unit_{self.key}_{name}"

    @property
    def names(self) -> tuple[str, ...]:
        """What its records say, in small letters."""
        return tuple(value.strip().lower() for value in self.values or (self.label,))


class BusinessUnits(Part):
    """Units with a tier of their own for every account they sell to, beside the one of the company.

    Attributes:
        publish: whether each unit's tier is written to a field of the account.
    """

    units: Annotated[tuple[BusinessUnit, ...], Field(max_length=8)] = ()
    publish: bool = False

    def of(self, key: str) -> BusinessUnit | None:
        """The unit with this key."""
        return next((unit for unit in self.units if unit.key == key), None)
