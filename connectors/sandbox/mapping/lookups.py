"""What is wrong with lookups: they lead to their own step or one before it."""

from __future__ import annotations

from connectors.sandbox.mapping.errors import LoadError
from connectors.sandbox.mapping.file import Mapping
from connectors.sandbox.mapping.steps import Expression, Step


def check(mapping: Mapping) -> None:
    """Every lookup leads to its own step or one before it, with as many columns as that step's key has."""
    known: dict[str, Step] = {}
    for number, step in enumerate(mapping.load):
        if step.title in known:
            place = mapping.place("load", number)
            raise LoadError(f"{place}: two steps are called {step.title}.", "Give one of them a `name`.")
        known[step.title] = step
        parts = [("fields", *each) for each in step.fields.items()]
        parts += [("associate", *each) for each in step.associate.items()]
        for section, name, expression in parts:
            problem = _wrong(step, expression, known)
            if problem:
                place = mapping.place("load", number, section, name)
                raise LoadError(f"{place}: {problem}.", "Correct the lookup, or the order of the steps.")


def _wrong(step: Step, expression: Expression, known: dict[str, Step]) -> str:
    """What is wrong with the lookups of an expression and its defaults; "" if nothing is."""
    name, other = expression.lookup, expression.default
    if name is not None:
        if name not in known:
            return f"{name} is no step up to here: {', '.join(known)}"
        wanted, given = len(known[name].key), len(expression.by or ())
        if not wanted:
            return f"the step {name} has no `key` to look it up by"
        if wanted != given:
            return f"the key of {name} has {wanted} columns, `by` has {given}"
    if other is None:
        return ""
    if other.lookup == step.title:
        return "a default may not look up its own step"
    return _wrong(step, other, known)
