"""A YAML model file as plain data, together with the line of every key and value in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from scoring.model.errors import ModelError, Problem

Loc = Sequence[str | int]


class Source:
    """A parsed file. Raises `ModelError` when it is no YAML mapping with unique text keys.

    Attributes:
        data: the content as dicts, lists and scalars.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        try:
            loader = yaml.SafeLoader(text)
            self._root = self._mapping(loader.get_single_node())
            problems = list(self._key_problems(self._root, (), ()))
            if problems:
                raise ModelError(problems)
            self.data: dict[str, Any] = loader.construct_document(self._root)
        except yaml.YAMLError as error:
            raise ModelError([_syntax_problem(file, text, error)]) from None

    def _mapping(self, root: yaml.Node | None) -> yaml.MappingNode:
        if root is None:
            raise ModelError([Problem(self.file, 0, "", "the file is empty.", "a model; copy a preset")])
        if not isinstance(root, yaml.MappingNode):
            message = "the file does not start with keys such as `name:`."
            raise ModelError([Problem(self.file, root.start_mark.line + 1, "", message)])
        return root

    def _key_problems(
        self, node: yaml.Node, loc: tuple[str | int, ...], above: tuple[yaml.Node, ...]
    ) -> Iterator[Problem]:
        """Keys given twice, keys that are not text, and parts that contain themselves."""
        if any(node is parent for parent in above):
            message = "refers to a part of the file that it stands in itself."
            yield Problem(self.file, node.start_mark.line + 1, dotted(loc), message)
            return
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                yield from self._key_problems(item, (*loc, number), (*above, node))
        elif isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.tag == "tag:yaml.org,2002:merge":
                    yield from self._key_problems(value, loc, (*above, node))
                    continue
                if key.tag != "tag:yaml.org,2002:str":
                    shown = f"'{key.value}'" if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                    message = f"the key {shown} is read as something other than text."
                    yield Problem(self.file, line, dotted(loc), message, "text; put the key in quotes")
                    continue
                here = (*loc, key.value)
                if key.value in seen:
                    message = f"stands twice in the same place, first in line {seen[key.value]}."
                    yield Problem(self.file, line, dotted(here), message, "each key once")
                seen[key.value] = line
                yield from self._key_problems(value, here, (*above, node))

    def find(self, loc: Loc) -> tuple[tuple[str | int, ...], int]:
        """The part of `loc` that exists in the file, and its line.

        Steps that are not in the file (names of union members, missing keys) are passed over; "[key]" asks for
        the line of the key instead of its value's.
        """
        node: yaml.Node = self._root
        line, found = node.start_mark.line + 1, []
        for step in loc:
            entry = _step(node, step)
            if entry is None:
                continue
            key, node = entry
            found.append(step)
            line = (key or node).start_mark.line + 1
        return tuple(found), line

    def value(self, loc: Loc) -> Any:
        """What stands at `loc`, as far as it exists."""
        value: Any = self.data
        for step in self.find(loc)[0]:
            value = value[step]
        return value


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def dotted(loc: Loc) -> str:
    """`("segments", 1, "key")` as "segments[1].key"."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _syntax_problem(file: str, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        context = f" ({error.context})" if error.context else ""
        message = f"this is not valid YAML: {error.problem}{context}."
        return Problem(file, mark.line + 1 if mark else 0, "", message, "check indentation, quotes and colons")
    if isinstance(error, yaml.reader.ReaderError):
        code = error.character if isinstance(error.character, int) else ord(error.character)
        line = text.count("\n", 0, error.position) + 1
        return Problem(file, line, "", f"there is a character that YAML does not allow (code {code:#06x}).", "text")
    return Problem(file, 0, "", f"this is not valid YAML: {error}.")
