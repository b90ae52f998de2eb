"""What a role cost in all, beside what the accounts' activities explain of it.

The rest is time between customers, and work the rate card does not know: it belongs to no account, and is told instead
of spread over them (Kaplan & Anderson 2004: the cost of unused capacity).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring import cost_to_serve
from scoring.model.shape import Model
from scoring.money import SCALE


def unattributed(frame: pd.DataFrame, model: Model) -> dict[str, float]:
    """Share of each role's cost that no account's activities explain; below 0 where they explain more than it cost.

    `frame`: features of all accounts, customers or not: who is no customer costs time too.
    """
    card = model.cost_to_serve
    explained = dict.fromkeys(card.capacity, 0)
    for item in cost_to_serve.items(frame, model) if card.capacity else ():
        if item.role in explained:
            explained[item.role] += int(item.cost.sum(dtype=np.int64))
    return {role: 1 - explained[role] / SCALE / cost for role, cost in card.capacity.items()}


def note(frame: pd.DataFrame, model: Model) -> str:
    """One sentence per role with a stated cost; "" where the model states none."""
    window = f"in {model.value.windows.months} months"
    sentences = []
    for role, share in unattributed(frame, model).items():
        cost = f"{model.cost_to_serve.capacity[role]:,.0f} {model.currency}"
        name = role.replace("_", " ")
        if share >= 0:
            sentences.append(f"Of {cost} for {name} {window}, {100 * share:.0f} % is in no account's activities.")
        else:
            sentences.append(
                f"The activities on record make {100 * (1 - share):.0f} % of the {cost} that {name} cost {window}: "
                "its minutes or its rate are too high."
            )
    return " ".join(sentences)
