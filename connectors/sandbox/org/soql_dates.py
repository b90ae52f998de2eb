"""Date literals of SOQL (TODAY, LAST_N_DAYS:30, THIS_QUARTER ...) as half-open ranges of days.

Weeks start on Sunday and fiscal periods are calendar periods, as in an org with the default US settings. The
org's time zone is GMT.
"""

from __future__ import annotations

from datetime import date, timedelta

_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
Range = tuple[date, date]


def day_range(name: str, count: int | None, today: date) -> Range | None:
    """First day and the day after the last, or None if there is no such literal.

    Args:
        count: the number behind the colon, where the literal has one.
    """
    word = name.replace("_FISCAL_", "_")
    plain = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
    if count is None:
        if word in plain:
            first = today + timedelta(days=plain[word])
            return first, first + timedelta(days=1)
        if word == "LAST_90_DAYS":
            return today - timedelta(days=90), today + timedelta(days=1)
        if word == "NEXT_90_DAYS":
            return today + timedelta(days=1), today + timedelta(days=91)
        return _named_period(word, today)
    return _counted(word, count, today)


def _named_period(word: str, today: date) -> Range | None:
    which, _, unit = word.partition("_")
    shift = {"LAST": -1, "THIS": 0, "NEXT": 1}.get(which)
    if shift is None or unit not in {"WEEK", *_MONTHS}:
        return None
    return _period(unit, shift, today), _period(unit, shift + 1, today)


def _counted(word: str, count: int, today: date) -> Range | None:
    """LAST_N_x:n and NEXT_N_x:n leave the current period out, except that LAST_N_DAYS ends with today."""
    if word.endswith("S_AGO") and word.startswith("N_"):
        unit = word[2:-5]
        known = unit == "DAY" or unit == "WEEK" or unit in _MONTHS
        return (_period(unit, -count, today), _period(unit, 1 - count, today)) if known else None
    which, _, unit = word.partition("_N_")
    unit = unit.removesuffix("S")
    if unit not in {"DAY", "WEEK", *_MONTHS}:
        return None
    if which == "LAST":
        return _period(unit, -count, today), _period(unit, 1 if unit == "DAY" else 0, today)
    if which == "NEXT":
        return _period(unit, 1, today), _period(unit, count + 1, today)
    return None


def _period(unit: str, shift: int, today: date) -> date:
    """First day of the period that lies `shift` periods after the current one."""
    if unit == "DAY":
        return today + timedelta(days=shift)
    if unit == "WEEK":
        sunday = today - timedelta(days=today.isoweekday() % 7)
        return sunday + timedelta(weeks=shift)
    length = _MONTHS[unit]
    months = today.year * 12 + (today.month - 1) // length * length + shift * length
    return date(months // 12, months % 12 + 1, 1)
