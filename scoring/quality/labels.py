"""Rules about words: a label the model does not know, a product that is not in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.model.fields import rule_fields
from scoring.model.shape import Model, RuleKey, Severity
from scoring.quality import across
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.vocabulary import closest, counted_words, unknown_products
from scoring.rules import lower_first


class UnknownLabel:
    """An account's text is not in the model's vocabulary, so no rule understands it."""

    id: RuleKey = "unknown_label"
    title = "Unknown label"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        for name, vocabulary in checked.model.vocabulary.items():
            known = [*vocabulary.values, *vocabulary.labels]
            unknown = counted_words(checked, name)
            among = (unknown != "").to_numpy(dtype=bool)
            label = rule_fields(checked.model)[name].label
            times = across.of(checked).accounts[across.WORD + name].value_counts()
            for row in checked.rows("account", among, word=unknown.to_numpy()):
                value = str(row["word"])
                yield Problem(
                    "account",
                    row,
                    row["id"],
                    name,
                    value,
                    f'{name_of(row)} has the {lower_first(label)} "{value}", which the model does not know.',
                    self._fix(value, known, checked.model, name) + others(int(times[value]), "customer"),
                )

    @staticmethod
    def _fix(value: str, known: Sequence[str], model: Model, name: str) -> str:
        near = closest(value, known) or ""
        meant = model.vocabulary[name].labels.get(near, near)
        if meant:
            return f"Change it to {meant}, if that is meant."
        return "Choose a known one on the account, or have the model's vocabulary extended."


def others(times: int, noun: str) -> str:
    """A sentence on how often else the same fault is there, "" for once."""
    if times < 2:
        return ""
    return f" The same word is on {times - 1:,} other {noun}{'' if times == 2 else 's'}."


class UnknownProduct:
    """A deal names a product that the catalogue does not have."""

    id: RuleKey = "unknown_product"
    title = "Unknown product"
    severity: Severity = "low"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has("opportunity", "product_name") or "product" not in checked:
            return
        products = [name for name in dict.fromkeys(checked.column("product", "name")) if name]
        held = checked.column("opportunity", "product_name")
        wrong = unknown_products(checked)
        times = across.of(checked).deals["word"].value_counts()
        meant = {value: closest(value, products) for value in dict.fromkeys(held[wrong])}
        for row in checked.rows("opportunity", wrong):
            value = str(row["product_name"]).strip()
            fix = f"Change it to {meant[value]}, if that is meant." if meant[value] else "Choose a product of the list."
            fix += others(int(times[value]), "deal")
            account = row.get("account_id")
            yield Problem(
                "opportunity",
                row,
                str(account) if account else None,
                "product_name",
                value,
                f'Opportunity {name_of(row)} names the product "{value}", which is not in the catalogue.',
                fix,
            )
