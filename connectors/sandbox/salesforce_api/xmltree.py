"""Small XML trees for the SOAP faces: read safely, write plainly.

Names are kept without their namespace, because clients differ in prefixes and none of the calls needs two
namespaces to be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from lxml import etree

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_UNWRITABLE = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Scalar = str | bool | int | None


class XmlError(ValueError):
    """The text is not XML that we accept; the message says why."""


@dataclass(frozen=True)
class Node:
    """One element. `type` is the local part of `xsi:type`; `nil` stands for `xsi:nil="true"`."""

    name: str
    text: str = ""
    children: tuple[Node, ...] = ()
    type: str = ""
    nil: bool = False

    def child(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> tuple[Node, ...]:
        return tuple(child for child in self.children if child.name == name)

    def has(self, name: str) -> bool:
        child = self.child(name)
        return child is not None and not child.nil

    def get(self, name: str, default: str = "") -> str:
        """Text of the first child of this name, without surrounding space (the API trims it too)."""
        child = self.child(name)
        return default if child is None or child.nil else child.text.strip()

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.get(name)
        return default if not text else text.lower() in ("true", "1")

    def number(self, name: str) -> int | None:
        """Raises XmlError if the text is not a whole number."""
        text = self.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise XmlError(f"'{text}' is not a valid value for the type xsd:int in field {name}") from None


def leaf(name: str, value: Scalar) -> Node:
    """An element with a simple value; None becomes `xsi:nil`."""
    if value is None:
        return Node(name, nil=True)
    if isinstance(value, bool):
        return Node(name, "true" if value else "false")
    return Node(name, str(value))


def branch(name: str, *children: Node | None, type: str = "") -> Node:
    """An element with children; Nones are left out."""
    return Node(name, children=tuple(child for child in children if child is not None), type=type)


def optional(name: str, value: str | int) -> Node | None:
    """The element, unless the value is empty or zero: an unset property is absent in the API's replies."""
    return leaf(name, value) if value else None


def render(nodes: Iterable[Node]) -> str:
    return "".join(_render(node) for node in nodes)


def _render(node: Node) -> str:
    attributes = f' xsi:type="{escape(node.type)}"' if node.type else ""
    if node.nil:
        return f'<{node.name}{attributes} xsi:nil="true"/>'
    text = escape(_UNWRITABLE.sub("", node.text), quote=False)
    return f"<{node.name}{attributes}>{text}{render(node.children)}</{node.name}>"


def parse(document: bytes) -> Node:
    """Read a document. A document type definition is refused, so no entity can be declared or fetched.

    Raises XmlError.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise XmlError(str(error)) from None
    except ValueError as error:  # e.g. an encoding declaration that does not exist
        raise XmlError(str(error)) from None
    if root.getroottree().docinfo.doctype:
        raise XmlError("a document type definition is not allowed")
    return _read(root)


def _read(element: etree._Element) -> Node:
    kind = element.get(f"{{{XSI}}}type") or ""
    return Node(
        name=etree.QName(element).localname,
        text=element.text or "",
        children=tuple(_read(child) for child in element if isinstance(child.tag, str)),
        type=kind.rpartition(":")[2],
        nil=element.get(f"{{{XSI}}}nil") in ("true", "1"),
    )


def from_json(name: str, value: object) -> Node:
    """The tree for a JSON value, as the Tooling API sends metadata: lists repeat the element."""
    if isinstance(value, Mapping):
        children: list[Node] = []
        for key, item in value.items():
            for one in item if isinstance(item, list) else [item]:
                children.append(from_json(str(key), one))
        return Node(name, children=tuple(children))
    if value is None or isinstance(value, str | bool | int):
        return leaf(name, value)
    return Node(name, str(value))
