"""Days of the week, as a model names them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The days on which the company works: deadlines count in them, and messages may be kept to them.
WorkingDays = Annotated[tuple[Weekday, ...], Field(min_length=1)]
MONDAY_TO_FRIDAY: tuple[Weekday, ...] = WEEKDAYS[:5]
