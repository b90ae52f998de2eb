"""Says in words why an account has its tier: what counts for it and against it, and one line for the CRM.

The axes of the tier matrix decide alike, so each has the same share of 100; an axis that measures the value score
divides its share among the score's components by their weights. Figures are whole units of the model's currency.
Everything is made column by column: a million accounts take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
import pandas as pd

from scoring.explain import components, cost
from scoring.explain.told import Lines, Told
from scoring.model.tiers import TierAxis
from scoring.rules import lower_first

SHORT = 255


class Reason(TypedDict):
    """`sign` is "+" or "-" for the customer's standing, `weight` is percent of the decision.

    `points` is what a component adds to the value score; None for what is no part of it.
    """

    text: str
    sign: str
    weight: float
    points: float | None


def explain(told: Told) -> pd.DataFrame:
    """Columns reasons (list of Reason) and short_reason (at most 255 characters), one row per account of `told`.

    Accounts without a tier have no reasons, and the short one says why there is no tier.
    """
    reasons = [[] for _ in range(told.size)]  # type: list[list[Reason]]
    ranked = np.flatnonzero(told.has_tier).tolist()
    for number, axis in enumerate(told.model.tiers.axes):
        for texts, signs, weight, points in _axis_reasons(told, axis, number):
            for row, text, sign, given in zip(ranked, texts, signs, points, strict=True):
                reasons[row].append(Reason(text=text, sign=sign, weight=weight, points=given))
    shorts = list(told.without_tier)
    for row, text in zip(ranked, _short(told), strict=True):
        kept = f". {told.held[row]}" if told.held[row] else ""
        shorts[row] = (text + kept)[:SHORT]
    return pd.DataFrame({"reasons": pd.Series(reasons, dtype=object), "short_reason": shorts})


_Column = tuple[Lines, Lines, float, Sequence[float | None]]


def _axis_reasons(told: Told, axis: TierAxis, number: int) -> list[_Column]:
    """Texts, signs, weight and points of the reasons of one axis, for the accounts that have a tier."""
    share = 100 / len(told.model.tiers.axes)
    signs = told.signs(number)
    nothing: list[float | None] = [None] * len(signs)
    if axis.measure != "value_score":
        texts = _texts_of(axis)(told, axis, number)
        return [(texts, signs, round(share, 1), nothing)]
    found: list[_Column] = []
    weights = told.model.value.components
    for name in weights:
        texts = components.texts(told, name)
        added = told.worth.contributions[name][told.has_tier].tolist()
        own = signs if len(weights) == 1 else _own_signs(told, name, number)
        found.append((texts, own, round(share * weights[name] / 100, 1), added))
    return found


def _own_signs(told: Told, name: str, number: int) -> Lines:
    """A component speaks for a customer where it alone would reach the middle cut of the axis."""
    cuts = told.cuts.at[told.model.tiers.axes[number].key]
    points = told.worth.points[name][told.has_tier]
    good = (points > 0) & (points >= cuts[len(cuts) // 2])
    return ["+" if is_good else "-" for is_good in good.tolist()]


def _texts_of(axis: TierAxis) -> Callable[[Told, TierAxis, int], Lines]:
    if axis.measure in ("cost_to_serve", "cost"):
        return cost.texts
    if isinstance(axis.measure, str) and axis.measure in components.KNOWN:
        return lambda told, axis, number: components.texts(told, str(axis.measure))
    return _plain


def _plain(told: Told, axis: TierAxis, number: int) -> Lines:
    """For figures without words of their own: "Potential of the relationship 62.5 (high)"."""
    return [f"{axis.label} {figure} ({word})" for figure, word in zip(*_shown(told, axis, number), strict=True)]


def _shown(told: Told, axis: TierAxis, number: int) -> tuple[Lines, Lines]:
    figures = told.figures[axis.key][told.has_tier]
    if axis.rule is not None:
        return ["yes" if figure else "no" for figure in figures], told.words(number)
    is_money = axis.measure in ("revenue", "worth", "profit")
    shown = [
        "none" if not np.isfinite(figure) else told.amount(figure) if is_money else f"{figure:g}"
        for figure in figures.tolist()
    ]
    return shown, told.words(number)


def _short(told: Told) -> Lines:
    """The tier's reason in one line, for the accounts that have one."""
    labels = {key: told.model.tiers.label(key) for key in told.model.tiers.keys}
    tiers = [labels[key] for key in told.tiers[told.has_tier]]
    phrases = [_phrases(told, axis, number) for number, axis in enumerate(told.model.tiers.axes)]
    lines = [f"{tier}: {_joined(parts)}" for tier, *parts in zip(tiers, *phrases, strict=True)]
    never = told.never_bought[told.has_tier].tolist()
    if any(never) and all(axis.measure in _OF_ORDERS for axis in told.model.tiers.axes):
        nothing = f"no {told.orders} yet, so neither value nor cost to serve counts"
        lines = [f"{tier}: {nothing}" if new else line for tier, line, new in zip(tiers, lines, never, strict=True)]
    return lines


def _joined(parts: Sequence[str]) -> str:
    return "; ".join(parts).replace("; and ", ", and ")


#: Figures that nobody has who never bought.
_OF_ORDERS = ("value_score", "cost_to_serve", "cost", "revenue", "worth", "profit", "money")


def _phrases(told: Told, axis: TierAxis, number: int) -> Lines:
    words = told.words(number)
    if axis.measure == "value_score":
        leading = max(told.model.value.components.items(), key=lambda item: item[1])[0]
        figures = [lower_first(text) for text in components.figures(told, leading)]
        return [
            figure if nothing else f"{word} value, {figure}"
            for word, figure, nothing in zip(words, figures, told.worthless(), strict=True)
        ]
    if axis.measure in ("cost_to_serve", "cost"):
        return cost.phrases(told, axis, number)
    if axis.rule is not None:
        return [f"{axis.label.lower()}: {figure}" for figure, _ in zip(*_shown(told, axis, number), strict=True)]
    return [
        f"{word} {lower_first(axis.label)}, {figure}" for figure, word in zip(*_shown(told, axis, number), strict=True)
    ]
