"""Reads a model file, and says by file, line and key what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scoring.model.errors import ModelError, Problem
from scoring.model.messages import explain
from scoring.model.references import Flaw, flaws
from scoring.model.shape import Model
from scoring.model.source import Source, dotted


def load(path: Path) -> Model:
    """Read a model file. Raises `ModelError` for a file that is missing, unreadable or wrong in any way."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ModelError([Problem(str(path), 0, "", "there is no such file.")]) from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ModelError([Problem(str(path), 0, "", f"the file cannot be read: {reason}.")]) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte {raw[error.start]:#04x} is not UTF-8."
        raise ModelError([Problem(str(path), line, "", message, "a file saved as UTF-8")]) from None
    return parse(text, str(path))


def parse(text: str, source: str = "model") -> Model:
    """A model from YAML text; `source` names it in problems. Raises `ModelError`."""
    document = Source(text, source)
    try:
        model = Model.model_validate(document.data)
    except ValidationError as error:
        every = error.errors()
        details = [detail for detail in every if not _follows(detail, every)]
        raise ModelError(_ordered([_problem(document, detail) for detail in details])) from None
    except RecursionError:
        raise ModelError([Problem(source, 0, "", "conditions are nested too deeply.")]) from None
    found = [_flaw_problem(document, flaw) for flaw in flaws(model)]
    if found:
        raise ModelError(_ordered(found))
    return model


def _follows(detail: Any, every: Sequence[Any]) -> bool:
    """A list that is only too short because its entries were refused; they are reported themselves."""
    loc = tuple(detail["loc"])
    inside = (tuple(each["loc"]) for each in every if len(each["loc"]) > len(loc))
    return detail["type"] == "too_short" and any(each[: len(loc)] == loc for each in inside)


def _problem(document: Source, detail: Any) -> Problem:
    loc = tuple(detail["loc"])
    known, line = document.find(loc)
    message, allowed, subject = explain(detail, known)
    return Problem(document.file, line, dotted(subject), message, allowed)


def _flaw_problem(document: Source, flaw: Flaw) -> Problem:
    known, line = document.find(flaw.loc)
    return Problem(document.file, line, dotted(known), flaw.message, flaw.allowed)


def _ordered(problems: list[Problem]) -> list[Problem]:
    """In the order of the file, each once (a union reports the same value several times)."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.key))
