"""The forms that parts of request bodies have: what has another one is refused before any resource looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.portal.outcomes import VALIDATION, refused

_OBJECT_LISTS = frozenset({"inputs", "filterGroups", "filters", "associations", "types", "options", "stages"})
_TEXT_LISTS = frozenset({"values", "propertiesWithHistory"})
_OBJECTS = frozenset({"metadata", "throttling", "from"})
_WHOLE = frozenset({"displayOrder", "maxConcurrentRequests", "associationTypeId"})
_PLAIN = frozenset(
    {
        "id", "idProperty", "propertyName", "operator", "value", "highValue", "query", "after", "limit", "name",
        "label", "inverseLabel", "type", "fieldType",
        "groupName", "description", "associationCategory", "primaryObjectId",
        "objectIdToMerge", "objectId", "eventType", "objectTypeId", "targetUrl", "pipelineId", "stageId",
        "objectWriteTraceId",
    }
)  # fmt: skip


def check(content: Mapping[str, Any]) -> None:
    """Raises Refused for the first part of a body that has another form than its name asks for."""
    for key, part in content.items():
        if part is None:
            continue
        if not _fits(key, part):
            # unverified: the words in which a part of a body with a wrong form is refused.
            raise refused(VALIDATION, f"Invalid input JSON: cannot deserialize {key} from {type(part).__name__}.")
        if key == "properties":  # its own keys are names that clients choose
            continue
        for inner in part if isinstance(part, list) else [part]:
            if isinstance(inner, dict):
                check(inner)


def _fits(key: str, part: Any) -> bool:
    if key in _OBJECT_LISTS:
        return _list_of(dict, part)
    if key in _TEXT_LISTS:
        return isinstance(part, list) and all(map(_plain, part))
    if key in _OBJECTS:
        return isinstance(part, dict)
    if key in _WHOLE:
        return isinstance(part, int) and abs(part) < 2**31
    if key in _PLAIN:
        return _plain(part)
    if key == "to":
        return isinstance(part, dict) or _list_of(dict, part)
    if key == "sorts":
        return isinstance(part, list) and all(isinstance(each, dict | str) for each in part)
    if key == "properties":
        return all(map(_plain, part.values())) if isinstance(part, dict) else _list_of(str, part)
    return True


def _plain(part: Any) -> bool:
    return part is None or isinstance(part, str | int | float | bool)


def _list_of(kind: type, part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(each, kind) for each in part)
