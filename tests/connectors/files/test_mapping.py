"""Errors in a mapping file: the file, the line, the key, and what is allowed there."""

from __future__ import annotations

import pytest

from connectors.errors import BadInput
from tests.connectors.files.exports import Export

ORDER = "sources:\n  - kind: order\n    path: o.csv\n"


@pytest.mark.parametrize(
    ("text", "line", "key", "allowed"),
    [
        (f"{ORDER}    colums: {{id: N}}\n", 4, "sources.0.colums", "columns"),
        (f"{ORDER}    columns:\n      id: N\n      amout: A\n", 2, "sources.0", "amount"),
        ("sources:\n  - kind: oder\n    path: o.csv\n    columns: {id: N}\n", 2, "sources.0", "order_line"),
        (f"{ORDER}    columns:\n      id: {{column: N, formt: x}}\n", 5, "sources.0.columns.id.formt", "format"),
        (f"{ORDER}    columns: {{id: N}}\n    account: {{key: N}}\n", 5, "sources.0.account.key", "external_id"),
        (
            f"{ORDER}    columns: {{id: N}}\n    max_rejected: 7\n",
            5,
            "sources.0.max_rejected",
            "less than or equal to 1",
        ),
        (f"{ORDER}    columns: {{amount: N}}\n", 2, "sources.0", "'id'"),
        (f"{ORDER}    columns: {{id: N}}\nreviews: x.csv\n", 5, "reviews", "review"),
        (f"{ORDER}    columns: {{id: N}}\n    url: sqlite:///x\n", 2, "sources.0", "either a path or a url"),
        (f"{ORDER}    columns: {{id: N\n", 5, "not YAML", "expected"),
        (f"{ORDER}    columns: {{id: N}}\n    constants: {{ordered_on: 2026-13-45}}\n", 5, "not YAML", "month"),
        (f"{ORDER}    columns: {{id: 'N\x07'}}\n", 4, "not YAML", "not allowed"),
    ],
)
def test_an_error_names_file_line_key_and_what_is_allowed(
    export: Export, text: str, line: int, key: str, allowed: str
) -> None:
    export.mapping(text)
    with pytest.raises(BadInput) as caught:
        export.files()
    message = caught.value.message
    assert f"erp.yaml, line {line}" in message
    assert key in message
    assert allowed in message
    assert caught.value.next_step


def test_all_errors_are_told_at_once(export: Export) -> None:
    export.mapping(f"{ORDER}    columns: {{id: N}}\n    delimiter: ';;'\n    sheets: x\n")
    with pytest.raises(BadInput) as caught:
        export.files()
    assert len(caught.value.message.splitlines()) == 2


@pytest.mark.parametrize("text", ["", "- a\n"])
def test_an_empty_mapping_says_what_belongs_there(export: Export, text: str) -> None:
    export.mapping(text)
    with pytest.raises(BadInput, match="empty") as caught:
        export.files()
    assert "kind, path" in caught.value.next_step


def test_a_constant_that_does_not_fit_is_named(export: Export) -> None:
    export.orders("constants: {is_expedited: perhaps}", columns="{id: Number}")
    export.write("Number\n1\n")
    with pytest.raises(BadInput, match="constant is_expedited: 'perhaps'"):
        export.rows()
