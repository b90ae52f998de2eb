"""Where something stands in a YAML file, as people count and write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml


def follow(tree: yaml.Node | None, location: Sequence[str | int]) -> Iterator[tuple[yaml.Node, str]]:
    """Nodes along the location, as far as they exist, each with its step as people write it."""
    node = tree
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                continue
            node = found[1]
            yield found[0], f".{part}"
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            yield node, f"[{part}]"


def place(tree: yaml.Node | None, location: Sequence[str | int]) -> tuple[int, str]:
    """1-based line and key of a location."""
    line, key = 1, ""
    for node, step in follow(tree, location):
        line, key = node.start_mark.line + 1, key + step
    return line, key.removeprefix(".")
