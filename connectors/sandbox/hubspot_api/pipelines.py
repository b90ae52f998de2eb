"""Pipelines of deals and tickets, and their stages."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.outcomes import CONFLICT, NOT_FOUND, VALIDATION, Problem, Refused, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.records import column
from connectors.sandbox.portal.schema import ObjectType, Pipeline, Stage


@dataclass(frozen=True)
class Pipelines:
    """Pipelines of one portal."""

    portal: Portal

    def entries(self) -> list[Entry]:
        of = r"pipelines/([\w-]+)"
        one = of + r"/([^/]+)"
        stage = one + "/stages/([^/]+)"
        return [
            ("GET", of, "{0}.read", self.page),
            ("POST", of, "{0}.write", self.create),
            ("GET", one, "{0}.read", self.get),
            ("PATCH", one, "{0}.write", self.rename),
            ("PUT", one, "{0}.write", self.replace),
            ("DELETE", one, "{0}.write", self.remove),
            ("GET", one + "/stages", "{0}.read", self.stages),
            ("POST", one + "/stages", "{0}.write", self.add_stage),
            ("GET", stage, "{0}.read", self.stage),
            ("PATCH", stage, "{0}.write", self.change_stage),
            ("PUT", stage, "{0}.write", self.change_stage),
            ("DELETE", stage, "{0}.write", self.remove_stage),
        ]

    def page(self, call: Call) -> Reply:
        found = sorted(self.portal.definitions.pipelines(_kind(call)).values(), key=lambda each: each.order)
        return Reply({"results": [_shown(each) for each in found]})

    def get(self, call: Call) -> Reply:
        return Reply(_shown(self._pipeline(call)))

    def create(self, call: Call) -> Reply:
        kind, content = _kind(call), call.content()
        key = str(content.get("pipelineId") or uuid.uuid4())
        if key in self.portal.definitions.pipelines(kind):
            raise refused(CONFLICT, f"Pipeline {key} already exists.", pipelineId=key)
        pipeline = Pipeline(key, _label(content), int(content.get("displayOrder", 0)), _stages(kind, content))
        return Reply(_shown(self.portal.definitions.save_pipeline(kind, pipeline)), 201)

    def replace(self, call: Call) -> Reply:
        """With other stages: those that records are in must be among them."""
        kind, old, content = _kind(call), self._pipeline(call), call.content()
        order = int(content.get("displayOrder", old.order))
        changed = replace(old, label=_label(content), order=order, stages=_stages(kind, content))
        for gone in sorted(old.stage_ids - changed.stage_ids):
            self._require_unused(kind, kind.stage, gone)
        return Reply(_shown(self.portal.definitions.save_pipeline(kind, changed)))

    def remove(self, call: Call) -> Reply:
        kind, old = _kind(call), self._pipeline(call)
        self._require_unused(kind, kind.pipeline, old.id)
        self.portal.definitions.delete_pipeline(kind, old.id)
        return Reply(status=204)

    def rename(self, call: Call) -> Reply:
        old, content = self._pipeline(call), call.content()
        order = int(content.get("displayOrder", old.order))
        changed = replace(old, label=str(content.get("label") or old.label), order=order)
        return Reply(_shown(self.portal.definitions.save_pipeline(_kind(call), changed)))

    def stages(self, call: Call) -> Reply:
        return Reply({"results": [_shown_stage(each) for each in self._pipeline(call).stages]})

    def stage(self, call: Call) -> Reply:
        return Reply(_shown_stage(self._stage(call)))

    def change_stage(self, call: Call) -> Reply:
        """What is not given stays, the metadata too."""
        kind, pipeline, old, content = _kind(call), self._pipeline(call), self._stage(call), call.content()
        given = {
            "stageId": old.id, "label": content.get("label") or old.label,
            "displayOrder": content.get("displayOrder", old.order),
            "metadata": content.get("metadata") or old.metadata,
        }  # fmt: skip
        changed = replace(_stage(kind, given, old.order), created=old.created)
        stages = tuple(changed if each.id == old.id else each for each in pipeline.stages)
        self.portal.definitions.save_pipeline(kind, replace(pipeline, stages=stages))
        return Reply(_shown_stage(self._stage(call)))

    def remove_stage(self, call: Call) -> Reply:
        kind, pipeline, old = _kind(call), self._pipeline(call), self._stage(call)
        if len(pipeline.stages) == 1:
            raise refused(VALIDATION, "A pipeline needs at least one stage.", stageId=old.id)
        self._require_unused(kind, kind.stage, old.id)
        stages = tuple(each for each in pipeline.stages if each.id != old.id)
        self.portal.definitions.save_pipeline(kind, replace(pipeline, stages=stages))
        return Reply(status=204)

    def _stage(self, call: Call) -> Stage:
        found = next((each for each in self._pipeline(call).stages if each.id == call.parts[2]), None)
        if found is None:
            raise refused(NOT_FOUND, f"Stage {call.parts[2]} does not exist", stageId=call.parts[2])
        return found

    def _require_unused(self, kind: ObjectType, name: str, key: str) -> None:
        """Raises Refused while records are in a stage or pipeline."""
        where = f"WHERE t.archived = 0 AND t.{column(kind, name)} = ? LIMIT 100"
        held = [str(each.id) for each in self.portal.records.select(kind, (), where, [key])]
        if held:
            # unverified: a stage or pipeline with records is never removed; words, and the code of both.
            message = f"{key} is currently being referenced by object IDs: {', '.join(held)}"
            code = "PipelineError.STAGE_ID_IN_USE" if name == kind.stage else "PipelineError.PIPELINE_ID_IN_USE"
            raise Refused(Problem(VALIDATION, message, {"objectIds": tuple(held)}, sub_category=code))

    def add_stage(self, call: Call) -> Reply:
        old, kind = self._pipeline(call), _kind(call)
        stage = _stage(kind, call.content(), len(old.stages))
        if any(stage.id == each.id for each in old.stages):
            raise refused(CONFLICT, f"Stage {stage.id} already exists.", stageId=stage.id)
        saved = self.portal.definitions.save_pipeline(kind, replace(old, stages=(*old.stages, stage)))
        return Reply(_shown_stage(saved.stages[-1]), 201)

    def _pipeline(self, call: Call) -> Pipeline:
        return self.portal.definitions.pipeline(_kind(call), call.parts[1])


def _kind(call: Call) -> ObjectType:
    kind = call.kind()
    if not kind.stage:
        raise refused(VALIDATION, f"{kind.label_plural} have no pipelines.")
    return kind


def _label(content: dict[str, Any]) -> str:
    label = str(content.get("label") or "")
    if not label:
        raise refused(VALIDATION, "Invalid input JSON: some required fields were not set: [label]")
    return label


def _stages(kind: ObjectType, content: dict[str, Any]) -> tuple[Stage, ...]:
    """Raises Refused when there are none."""
    stages = tuple(_stage(kind, each, place) for place, each in enumerate(content.get("stages") or []))
    if not stages:
        raise refused(VALIDATION, "A pipeline needs at least one stage.")
    return stages


def _stage(kind: ObjectType, content: dict[str, Any], place: int) -> Stage:
    """Raises Refused for a deal stage without probability."""
    metadata = {str(name): str(value) for name, value in (content.get("metadata") or {}).items()}
    if kind.name == "deals":
        probability = metadata.get("probability", "")
        try:
            number = float(probability)
        except ValueError:
            raise refused(VALIDATION, "The metadata of a deal stage need a probability between 0.0 and 1.0.") from None
        metadata.setdefault("isClosed", "true" if number in (0.0, 1.0) else "false")
    else:
        metadata.setdefault("ticketState", "OPEN")
        metadata.setdefault("isClosed", "true" if metadata["ticketState"] == "CLOSED" else "false")
    key = str(content.get("stageId") or uuid.uuid4().int % 10**9)
    return Stage(key, _label(content), int(content.get("displayOrder", place)), metadata)


def _shown(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "id": pipeline.id, "label": pipeline.label, "displayOrder": pipeline.order,
        "stages": [_shown_stage(each) for each in pipeline.stages], "createdAt": to_text(pipeline.created),
        "updatedAt": to_text(pipeline.updated), "archived": False,
    }  # fmt: skip


def _shown_stage(stage: Stage) -> dict[str, Any]:
    return {
        "id": stage.id, "label": stage.label, "displayOrder": stage.order, "metadata": stage.metadata,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT", "createdAt": to_text(stage.created),
        "updatedAt": to_text(stage.updated), "archived": False,
    }  # fmt: skip
