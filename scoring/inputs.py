"""What scoring is given, looked at before anything is computed: a wrong figure would look like any other in the result.

Columns of text, and figures that only rules look at, may be absent: they count as empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring import features
from scoring.calibration import Calibration
from scoring.features.dealings import ticket_columns
from scoring.model import Model
from scoring.tiers import stability

_EARLIEST = date(1900, 1, 1)
#: Above it, sums over accounts cannot be held in 64 bits.
_GREATEST = 9.2e18
_OWN_SCALE = {"loyalty", "engagement", "fit"}


class UnusableInput(ValueError):
    """Features, earlier tiers or a calibration that cannot be what they are said to be; the message says where."""


def check(frame: pd.DataFrame, model: Model, as_of: date) -> None:
    """Refuses a frame that is not what `scoring.features.build` gives for this model and date.

    Raises:
        UnusableInput: a column is missing or of another type, an account is there twice or has no id, a figure is
            missing, infinite, no whole number or too large, a count is below 0, or a day is not before `as_of`.
    """
    if not isinstance(as_of, date) or isinstance(as_of, datetime) or as_of < _EARLIEST:
        raise UnusableInput(f"The date scored for is {as_of!r}; give a date from {_EARLIEST} on, without a time.")
    if not isinstance(frame, pd.DataFrame):
        raise UnusableInput(f"Features are a {type(frame).__name__}; give a DataFrame with one row per account.")
    counts = [*features.COUNTS, *ticket_columns(model).values()]
    columns = ["account_id", "no_rate", *counts, *features.MONEY, *features.DAYS]
    _columns(frame, columns, "Features", "Build them with scoring.features.build, for this model.")
    _one_row_each(frame, "the features")
    for name in (*counts, *features.MONEY):
        values = _whole(frame, name)
        if name in counts:
            _refuse(values < 0, frame, f"{name} is below 0", "It is a count.")
        elif len(values) and float(np.abs(values.astype(np.float64)).sum()) > _GREATEST:
            raise UnusableInput(f"The amounts of {name} are too large to add up. Money is in 1/10,000 of the currency.")
    for name in features.DAYS:
        day = _days(frame, name)
        _refuse(
            day >= np.datetime64(as_of),
            frame,
            f"{name} is not before {as_of}",
            "Build features for the date scored for.",
        )


def check_before(before: pd.DataFrame | None) -> None:
    """Refuses a table of earlier tiers that is not as `scoring.tiers.stability.BEFORE` says."""
    if before is None:
        return
    if not isinstance(before, pd.DataFrame):
        raise UnusableInput(f"Earlier tiers are a {type(before).__name__}; give a DataFrame, or None.")
    _columns(before, stability.BEFORE, "Earlier tiers", "Give all of them, empty where something is not known.")
    _one_row_each(before, "the earlier tiers")
    for name, known in (("cause", stability.CAUSES), ("decision", stability.DECISIONS)):
        wrong = ~before[name].isna() & ~before[name].isin(known)
        listed = ", ".join(word or "nothing" for word in known)
        _refuse(wrong.to_numpy(), before, f"{name} is not one of {listed}", "Leave it empty where it is not known.")
    for name in ("tier_since", "as_of"):
        days = pd.to_datetime(before[name].astype("string").str[:10], format="%Y-%m-%d", errors="coerce")
        _refuse((days.isna() & ~before[name].isna()).to_numpy(), before, f"{name} is no ISO date", "Write 2026-01-31.")


def check_calibration(calibration: Calibration, model: Model) -> None:
    """Refuses a calibration that was fitted by a model with other axes or components."""
    if not isinstance(calibration, Calibration):
        raise UnusableInput(
            f"The calibration is a {type(calibration).__name__}; give what scoring.pipeline.calibrate gave."
        )
    ranked = set(model.components_used()) - _OWN_SCALE
    missing = sorted(ranked - set(calibration.value.limits))
    other = [
        axis.key for axis in model.tiers.axes if len(calibration.cuts.at.get(axis.key, ())) != len(axis.classes) - 1
    ]
    if missing or other:
        what = ", ".join([*(f"limits of {name}" for name in missing), *(f"cuts of axis {key}" for key in other)])
        raise UnusableInput(f"The calibration is of another model: it lacks {what}. Calibrate anew with this one.")


def _columns(frame: pd.DataFrame, names: Sequence[str], what: str, do: str) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise UnusableInput(f"{what} lack the columns {', '.join(missing)}. {do}")
    twice = [name for name in names if (frame.columns == name).sum() > 1]
    if twice:
        raise UnusableInput(f"{what} have more than one column {', '.join(twice)}. Leave one of each.")


def _one_row_each(frame: pd.DataFrame, where: str) -> None:
    ids = frame["account_id"]
    _refuse(ids.isna().to_numpy(), frame, "account_id is empty", "Every row is of one account.")
    if not ids.is_unique:
        twice = ids[ids.duplicated()]
        raise UnusableInput(
            f"Account {twice.iloc[0]} is in {where} more than once ({twice.nunique():,} such accounts)."
            " Give one row per account."
        )


def _whole(frame: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """A column as whole numbers."""
    values = frame[name]
    if values.dtype == np.int64:
        return values.to_numpy()
    if values.dtype == object and all(type(value) is int for value in values):
        return values.to_numpy(np.int64)
    types = pd.api.types
    if not types.is_numeric_dtype(values) or types.is_bool_dtype(values) or types.is_complex_dtype(values):
        raise UnusableInput(f"Column {name} holds {values.dtype}, not whole numbers. Money is in 1/10,000.")
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    _refuse(~np.isfinite(numbers), frame, f"{name} is missing or infinite", "Write 0 where there was nothing.")
    _refuse(numbers != np.floor(numbers), frame, f"{name} is no whole number", "Money is in 1/10,000 of the currency.")
    return numbers.astype(np.int64)


def _days(frame: pd.DataFrame, name: str) -> npt.NDArray[np.datetime64]:
    """A column as days, NaT where there is none."""
    values = frame[name]
    naive = pd.api.types.is_datetime64_dtype(values)
    if not naive and not all(isinstance(value, date) or pd.isna(value) for value in values):
        raise UnusableInput(f"Column {name} holds {values.dtype}, not dates. Convert it with pandas.to_datetime.")
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        raise UnusableInput(f"Column {name} has a time zone. Days have none: take them as the CRM shows them.")
    return pd.to_datetime(values).to_numpy("datetime64[s]")


def _refuse(wrong: npt.NDArray[np.bool_], frame: pd.DataFrame, what: str, do: str) -> None:
    """Raise if any row is wrong, saying how many are and which account is the first."""
    if wrong.any():
        first = frame["account_id"].iloc[int(np.argmax(wrong))]
        raise UnusableInput(f"{what} in {int(wrong.sum()):,} of {len(wrong):,} rows, first of account {first}. {do}")
