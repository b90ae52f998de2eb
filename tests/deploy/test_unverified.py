"""What rests on memory is told: the list is that of the markers, and no other form of marker is left."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(ROOT / "deploy"))
    sys.modules.pop("unverified", None)
    import unverified  # type: ignore[import-not-found, unused-ignore]

    return unverified


def test_the_list_is_up_to_date(generator: object) -> None:
    render = generator.render  # type: ignore[attr-defined]
    assert (ROOT / "connectors" / "UNVERIFIED.md").read_text(encoding="utf-8") == render()


def test_a_marker_may_go_on_over_lines(generator: object) -> None:
    sentences = generator.sentences  # type: ignore[attr-defined]
    assert sentences("// unverified: a number\n// is text.\nconst a = 1;") == ["a number is text."]
    assert sentences("x = 1\n    # unverified: one\n    # two.\n    # not this\ny = 2\n#: nor this") == ["one two."]


def test_there_is_one_form_of_marker() -> None:
    strange = [
        path.name for path in (ROOT / "connectors").rglob("*.py") if re.search(r"\[M\]|from memory", path.read_text())
    ]
    assert strange == []
