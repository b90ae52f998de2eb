"""Model section `alerts`: how soon people are told, at which hours, and what each may choose for himself."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from scoring.model.conditions import STRICT
from scoring.model.days import WEEKDAYS, Weekday
from scoring.model.quality import Severity

Pace = Literal["immediate", "hourly", "daily", "weekly"]
#: The soonest first.
PACES: tuple[Pace, ...] = ("immediate", "hourly", "daily", "weekly")


def _clock(value: object) -> object:
    """YAML reads 19:00 without quotes as the number 1140: minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return f"{value // 60:02d}:{value % 60:02d}"
    return value


def zone(name: str) -> ZoneInfo | None:
    """The time zone of this name (Europe/Helsinki), None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name that is no file name, or a folder's
        return None


def _known_zone(name: str) -> str:
    if zone(name) is None:
        raise ValueError(f"'{name}' is no time zone; write one as Europe/Helsinki or America/New_York")
    return name


Clock = Annotated[str, BeforeValidator(_clock), Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]


class Part(BaseModel):
    model_config = STRICT


class Paces(Part):
    """How soon a person is told, by how severe the problem is."""

    high: Pace = "immediate"
    medium: Pace = "immediate"
    low: Pace = "immediate"

    def of(self, severity: str) -> Pace:
        found: Pace = getattr(self, severity)
        return found


class SomePaces(Part):
    """The same for some severities; those left out are as for everybody."""

    high: Pace | None = None
    medium: Pace | None = None
    low: Pace | None = None


class QuietHours(Part):
    """Hours of a person's own time in which nothing is sent to him; over midnight where `until` is the earlier.

    Attributes:
        break_for: severities that are sent nevertheless, on days that are no working days too.
    """

    from_: Annotated[Clock, Field(alias="from")]
    until: Clock
    break_for: tuple[Severity, ...] = ()

    @model_validator(mode="after")
    def _not_always(self) -> QuietHours:
        if self.from_ == self.until:
            raise ValueError("`from` and `until` are the same, so there would be no other hours")
        return self

    @property
    def hours(self) -> tuple[time, time]:
        return time.fromisoformat(self.from_), time.fromisoformat(self.until)


class Digest(Part):
    """When daily and weekly messages go out, in a person's own time."""

    at: Clock = "08:00"
    weekday: Weekday = "monday"


class PaceRule(Part):
    """Another rhythm for some people; the first rule that fits one decides.

    Attributes:
        to: e-mail addresses, `manager` (somebody active reports to him) or `administrator`.
    """

    to: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(manager|administrator|[^@\s]+@[^@\s]+)$", max_length=254)], ...],
        Field(min_length=1),
    ]
    rhythm: SomePaces


class OwnChoice(Part):
    """What a person may choose for himself: the slowest rhythm by severity, and his own hours."""

    slowest: Paces = Paces(high="daily", medium="weekly", low="weekly")
    hours: bool = True


class Alerts(Part):
    """When people are told about problems in their data.

    Attributes:
        time_zone: of people whose CRM does not tell theirs; left out, that of the installation.
        rhythm: by severity. `immediate` is with the run that finds it.
        send_on: `every_day`, or on the model's `working_days` only, in the time of each person.
    """

    time_zone: Zone | None = None
    rhythm: Paces = Paces()
    exceptions: tuple[PaceRule, ...] = ()
    digest: Digest = Digest()
    send_on: Literal["every_day", "working_days"] = "every_day"
    quiet_hours: QuietHours | None = None
    own_choice: OwnChoice = OwnChoice()

    @model_validator(mode="before")
    @classmethod
    def _days_stand_once(cls, given: Any) -> Any:
        if isinstance(given, dict) and "working_days" in given:
            raise ValueError(
                "`working_days` stands once, at the top of the file; here write `send_on: working_days` so that "
                "nothing is sent on other days"
            )
        return given

    def days(self, working: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        """The days on which messages go out, of a company that works on these."""
        return working if self.send_on == "working_days" else WEEKDAYS
