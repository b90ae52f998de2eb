"""Risks that too little is known of: told among the early warnings, and told apart from them."""

from __future__ import annotations

from collections.abc import Iterable

#: Behind the name of the risk in a sentence that warns of nothing; what is known stands in brackets behind it.
NOT_ENOUGH = ": not enough information"


def told_apart(sentences: Iterable[str]) -> tuple[list[str], list[str]]:
    """Warnings, and the risks that nothing can be said about, each with what is known.

    >>> told_apart(["Overdue: 2 invoices", "Churn risk: not enough information (orders on 3 of 4 days)"])
    (['Overdue: 2 invoices'], ['churn risk (not enough information: orders on 3 of 4 days)'])
    """
    warnings: list[str] = []
    unjudged: list[str] = []
    for sentence in sentences:
        name, found, known = sentence.partition(NOT_ENOUGH)
        if found:
            unjudged.append(f"{name[:1].lower()}{name[1:]} ({NOT_ENOUGH.strip(': ')}: {known.strip(' ()')})")
        else:
            warnings.append(sentence)
    return warnings, unjudged
