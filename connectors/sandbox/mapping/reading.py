"""Reads a mapping file, and names file, line and key of what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from connectors.sandbox.mapping import lookups, places
from connectors.sandbox.mapping.errors import LoadError
from connectors.sandbox.mapping.file import Mapping, Variant
from connectors.sandbox.mapping.part import Part

P = TypeVar("P", bound=Part)


def read(path: Path) -> Mapping:
    """The mapping in a file. Raises `LoadError` that names line and key of the first mistake."""
    text, source = _text(path), str(path)
    tree, content = _parsed(text, source)
    if "extends" not in content:
        return _mapping(tree, content, source)
    variant = _validated(Variant, tree, content, source)
    other = path.parent / variant.extends
    return _without(parse(_text(other), str(other)), variant, f"{source}, line {places.place(tree, ['leave_out'])[0]}")


def parse(text: str, source: str) -> Mapping:
    """The mapping in a text; `source` is what errors call it."""
    return _mapping(*_parsed(text, source), source)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}.", "Name a mapping file that exists.") from None
    except UnicodeDecodeError:
        raise LoadError(f"{path} is not UTF-8 text.", "Save the mapping file as UTF-8.") from None


def _parsed(text: str, source: str) -> tuple[yaml.Node | None, dict[str, Any]]:
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"{source}, line {line}: not readable as YAML: {error.problem}."
        raise LoadError(message, "Correct that line; indent with spaces.") from None
    if not isinstance(content, dict):
        raise LoadError(f"{source}: not a mapping file.", "See connectors/sandbox/LOADING.md for the format.")
    return tree, content


def _mapping(tree: yaml.Node | None, content: dict[str, Any], source: str) -> Mapping:
    mapping = _validated(Mapping, tree, content, source)
    mapping._source, mapping._tree = source, tree
    lookups.check(mapping)
    return mapping


def _without(mapping: Mapping, variant: Variant, place: str) -> Mapping:
    """The mapping less the steps a variant leaves out; none of the others may look them up."""
    titles = {step.title for step in mapping.load}
    unknown = [name for name in variant.leave_out if name not in titles]
    if unknown:
        raise LoadError(
            f"{place}: {variant.extends} has no step {', '.join(unknown)}.", f"Its steps: {', '.join(titles)}."
        )
    kept = [step.title not in variant.leave_out for step in mapping.load]
    left = tuple(step for step, keep in zip(mapping.load, kept, strict=True) if keep)
    for step in left:
        for name, expression in step.fields.items():
            if expression.lookup in variant.leave_out:
                raise LoadError(
                    f"{place}: {step.title}.{name} looks up {expression.lookup}, which is left out.",
                    f"Leave out {step.title} too, or keep {expression.lookup}.",
                )
    for key, node in mapping._tree.value if mapping._tree else ():
        if key.value == "load":  # so that places are still right
            node.value = [part for part, keep in zip(node.value, kept, strict=True) if keep]
    return mapping.model_copy(update={"name": variant.name, "description": variant.description, "load": left})


def _validated(kind: type[P], tree: yaml.Node | None, content: dict[str, Any], source: str) -> P:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        # A wrong alternative is reported once per possible type; the place deepest in the file is the telling one.
        first = max(error.errors(), key=lambda item: len(list(places.follow(tree, item["loc"]))))
        line, key = places.place(tree, first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        message = f"{source}, line {line}: {key or 'mapping'}: {problem}."
        raise LoadError(message, "Correct that key; LOADING.md lists what is allowed.") from None
