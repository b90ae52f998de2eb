"""Segment and sub-segment by the model's rules (macro segmentation: observable criteria first).

Source of the method: Powers & Sterling (2008), macro-micro segmentation.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd

from scoring.model.shape import Model
from scoring.rules import Facts, fill_gaps, first_match, holds, lower_first, tested_fields, why


def scope(facts: Facts, model: Model) -> pd.DataFrame:
    """Columns in_scope (bool) and scope_reason (why an account is no customer, "" for customers)."""
    inside = np.ones(facts.size, dtype=bool)
    reasons = np.full(facts.size, "", dtype=object)
    for rule in model.scope:
        fails = inside & ~holds(rule.require, facts)
        if fails.any():
            because = why(rule.require, facts, negated=True)[fails]
            reasons[fails] = np.array([f"{rule.otherwise}: {lower_first(text)}" for text in because], dtype=object)
            inside &= ~fails
    elsewhere = facts.elsewhere
    reasons = np.where(inside, elsewhere, reasons)
    return pd.DataFrame({"in_scope": inside & (elsewhere == ""), "scope_reason": reasons})


def assign(facts: Facts, model: Model) -> pd.DataFrame:
    """Columns segment, sub_segment (key or None), segment_why, sub_segment_why.

    Where no rule holds, the why names what is missing or says that no rule fits.
    """
    codes, segment_why = first_match([segment.rules for segment in model.segments], facts)
    keys = np.array([*(segment.key for segment in model.segments), None], dtype=object)
    tested = tested_fields(list(chain.from_iterable(segment.rules for segment in model.segments)))
    segment_why = fill_gaps(segment_why, codes < 0, tested, facts)
    sub_keys = np.full(facts.size, None, dtype=object)
    sub_why = np.full(facts.size, "", dtype=object)
    for number, segment in enumerate(model.segments):
        members = codes == number
        chosen, texts = first_match([sub.rules for sub in segment.sub_segments], facts, among=members)
        names = np.array([*(sub.key for sub in segment.sub_segments), None], dtype=object)
        sub_keys[members] = names[chosen[members]]
        tested = tested_fields(list(chain.from_iterable(sub.rules for sub in segment.sub_segments)))
        sub_why[members] = fill_gaps(texts, members & (chosen < 0), tested, facts)[members]
    sub_why[codes < 0] = "No segment, so no sub-segment"
    return pd.DataFrame(
        {"segment": keys[codes], "sub_segment": sub_keys, "segment_why": segment_why, "sub_segment_why": sub_why}
    )
