"""What the lifetime value models refuse, and how they say so: nothing unusable gets a result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.clv import BetaGeo, GammaGamma, NotConverged, NotFitted, UnusableHistory
from tests.scoring import clv_bases


def base(**changes: float) -> pd.DataFrame:
    """200 customers of a usable base, the third of them (row C3) changed."""
    frame = clv_bases.b2b(200).astype(np.float64)
    frame.index = pd.Index([f"C{place}" for place in range(1, len(frame) + 1)])
    frame.loc["C3"] = {"frequency": 2.0, "recency": 20.0, "T": 100.0}
    for name, value in changes.items():
        frame.loc["C3", name] = value
    return frame


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frequency": np.nan}, "frequency is missing or infinite"),
        ({"T": np.inf}, "T is missing or infinite"),
        ({"frequency": -1.0}, "frequency is not a whole number"),
        ({"frequency": 1.5}, "frequency is not a whole number"),
        ({"recency": -1.0}, "recency is negative"),
        ({"T": -1.0, "recency": 0.0}, "T is negative"),
        ({"recency": 100.5}, "recency is greater than T"),
        ({"frequency": 0.0}, "recency is not 0 though frequency is 0"),
        ({"recency": 0.0}, "recency is 0 though frequency is not"),
    ],
)
def test_an_impossible_history_is_named(changes: dict[str, float], words: str) -> None:
    with pytest.raises(UnusableHistory, match=rf"^{words}.* in 1 of 200 rows, first in row 'C3'\. "):
        BetaGeo().fit(base(**changes))


def test_every_question_refuses_what_the_fit_refuses() -> None:
    model = BetaGeo.of(**clv_bases.B2B)
    with pytest.raises(UnusableHistory, match="recency is greater than T"):
        model.probability_alive(base(recency=101.0))
    with pytest.raises(UnusableHistory, match="recency is greater than T"):
        model.expected_future_purchases(365, base(recency=101.0))


def test_missing_doubled_and_textual_columns_are_named() -> None:
    with pytest.raises(UnusableHistory, match="There are 0 columns recency"):
        BetaGeo().fit(base().drop(columns="recency"))
    with pytest.raises(UnusableHistory, match="There are 2 columns T"):
        BetaGeo().fit(pd.concat([base(), base()[["T"]]], axis=1))
    with pytest.raises(UnusableHistory, match="Column frequency holds str, not numbers"):
        BetaGeo().fit(base().assign(frequency="2"))
    with pytest.raises(UnusableHistory, match="Column T holds complex128, not numbers"):
        BetaGeo().fit(base().assign(T=lambda frame: frame["T"] + 1j))
    with pytest.raises(UnusableHistory, match="Give a DataFrame with one row per customer, not dict"):
        GammaGamma().fit({"frequency": [1], "monetary": [2.0]})  # type: ignore[arg-type]


def test_times_have_to_fit_the_customers() -> None:
    with pytest.raises(ValueError, match=r"t has shape \(3,\); give one time, or one per row of the 200"):
        BetaGeo.of(**clv_bases.B2B).expected_future_purchases([1, 2, 3], base())


def test_integers_with_missing_values_are_read_as_numbers() -> None:
    whole = base().round().astype("Int64")
    assert BetaGeo().fit(whole).r_ == BetaGeo().fit(base().round()).r_
    whole.loc["C3", "T"] = pd.NA
    with pytest.raises(UnusableHistory, match="T is missing"):
        BetaGeo().fit(whole)


@pytest.mark.parametrize("customers", [0, 1, 49])
def test_too_few_customers_are_refused(customers: int) -> None:
    with pytest.raises(UnusableHistory, match=f"There are {customers} customers, .* Take a longer window"):
        BetaGeo().fit(base().iloc[:customers])


def test_a_base_without_repeat_buyers_is_refused() -> None:
    with pytest.raises(UnusableHistory, match="200 customers, 0 of them with a repeat purchase"):
        BetaGeo().fit(base().assign(frequency=0, recency=0))


def alike() -> pd.DataFrame:
    return pd.DataFrame({"frequency": np.full(500, 4), "recency": 80.0, "T": 100.0})


def never_left() -> pd.DataFrame:
    frame = clv_bases.b2b(500)
    return frame.assign(frequency=frame["frequency"] + 1, recency=frame["T"])


def left_after_one() -> pd.DataFrame:
    return pd.DataFrame({"frequency": np.arange(500) % 2, "recency": np.arange(500) % 2 * 1.0, "T": 1000.0})


def like_clockwork() -> pd.DataFrame:
    length = np.arange(100.0, 600.0)
    return pd.DataFrame({"frequency": length // 50, "recency": length // 50 * 50, "T": length})


@pytest.mark.parametrize("histories", [alike, never_left, left_after_one, like_clockwork])
def test_a_base_without_a_maximum_is_refused_with_what_to_try(histories: pytest.FixtureRequest) -> None:
    model = BetaGeo()
    with pytest.raises(NotConverged, match=r"BG/NBD did not converge: .* Try a longer window, .* another component"):
        model.fit(histories())  # type: ignore[operator]
    assert vars(model) == {}


def test_a_large_base_without_a_maximum_is_refused_too() -> None:
    frame = clv_bases.any_time(100_000)
    with pytest.raises(NotConverged, match="no customer ever left"):
        BetaGeo().fit(frame[frame["frequency"] > 0].assign(recency=lambda rows: rows["T"]))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(10, 30)), min_size=1, max_size=6),
    st.integers(1, 60),
)
@settings(deadline=None)
def test_whatever_the_base_there_is_a_maximum_or_a_refusal(drawn: list[tuple[int, int, int]], times: int) -> None:
    frame = pd.DataFrame(drawn * times, columns=["frequency", "recency", "T"])
    frame["recency"] *= frame["frequency"] > 0
    try:
        model = BetaGeo().fit(frame)
    except (UnusableHistory, NotConverged):
        return
    at_maximum = np.array([model.r_, model.alpha_, model.a_, model.b_])
    assert np.isfinite(at_maximum).all()
    assert ((at_maximum > 1e-4) & (at_maximum < 1e8)).all()
    assert np.isfinite(model.expected_future_purchases(30, frame)).all()


def test_a_model_without_parameters_answers_nothing() -> None:
    with pytest.raises(NotFitted, match="This BetaGeo has no parameters yet"):
        BetaGeo().expected_purchases(52)
    with pytest.raises(NotFitted, match="This GammaGamma has no parameters yet"):
        GammaGamma().expected_average_value(clv_bases.cdnow())


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_parameters_from_elsewhere_are_checked(value: float) -> None:
    with pytest.raises(ValueError, match="it has to be positive and finite"):
        BetaGeo.of(r=value, alpha=1, a=1, b=1)
    with pytest.raises(ValueError, match="it has to be positive and finite"):
        GammaGamma.of(p=1, q=value, gamma=1)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="t has to be 0 or greater"):
        BetaGeo.of(**clv_bases.B2B).expected_purchases([1.0, -1.0])


@pytest.mark.parametrize("value", [0.0, -5.0])
def test_values_of_0_or_less_are_counted(value: float) -> None:
    frame = clv_bases.cdnow()
    repeats = frame.index[frame["frequency"] > 0]
    frame.loc[repeats[:3], "monetary"] = value
    with pytest.raises(UnusableHistory, match=r"monetary is 0 or less .* in 3 of 2,357 rows, first in row 1\."):
        GammaGamma().fit(frame)


def test_a_missing_value_is_refused_only_where_there_are_repeat_purchases() -> None:
    frame = clv_bases.cdnow()
    without = frame.assign(monetary=frame["monetary"].where(frame["frequency"] > 0))
    assert vars(GammaGamma().fit(without)) == vars(GammaGamma().fit(frame))
    with pytest.raises(UnusableHistory, match="monetary is missing or infinite though"):
        GammaGamma().fit(frame.assign(monetary=np.nan))


def test_too_few_repeat_buyers_have_no_values() -> None:
    with pytest.raises(UnusableHistory, match="There are 0 customers with a repeat purchase; a fit needs 20"):
        GammaGamma().fit(clv_bases.cdnow().assign(frequency=0))


def test_equal_values_are_refused_with_what_to_try() -> None:
    with pytest.raises(NotConverged, match=r"Gamma-Gamma did not converge: .* Try a longer window"):
        GammaGamma().fit(clv_bases.cdnow().assign(monetary=35.0))
