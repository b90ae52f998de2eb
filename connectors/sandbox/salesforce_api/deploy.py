"""Deployments: run against a draft first, then for real, and told in SOAP and in JSON."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import metadata_types
from connectors.sandbox.salesforce_api.bearer import admitted
from connectors.sandbox.salesforce_api.catalog import Catalog, Live
from connectors.sandbox.salesforce_api.draft import Draft
from connectors.sandbox.salesforce_api.package import BadPackage, Component, Package, Problem, read_package
from connectors.sandbox.salesforce_api.soap import SoapFault
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf

#: A deployment is told to be in progress for this long, so that clients have to poll as they do in earnest.
SETTLING_SECONDS = 0.2


@dataclass(frozen=True)
class Options:
    """The deploy options that have an effect here."""

    check_only: bool = False
    ignore_warnings: bool = False
    rollback_on_error: bool = False
    allow_missing_files: bool = False


@dataclass(frozen=True)
class Message:
    """What became of one component of a deployment."""

    type: str
    full_name: str
    file_name: str
    success: bool = True
    created: bool = False
    changed: bool = False
    deleted: bool = False
    problem: str = ""
    problem_type: str = ""


@dataclass(frozen=True)
class Deployment:
    """A deployment and its result. `status` is one of Succeeded, SucceededPartial, Failed."""

    id: str
    status: str
    created_by: str
    created_at: float
    options: Options
    messages: tuple[Message, ...] = ()
    error: str = ""
    deployed: int = field(default=0)

    @property
    def is_settled(self) -> bool:
        return time.time() >= self.created_at + SETTLING_SECONDS

    @property
    def components(self) -> tuple[Message, ...]:
        return tuple(message for message in self.messages if message.type)

    @property
    def failures(self) -> tuple[Message, ...]:
        return tuple(message for message in self.messages if not message.success)


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


# --- running ------------------------------------------------------------------------------------------


def start(org: Org, catalog: Catalog, content: bytes, options: Options, user_id: str) -> Deployment:
    """Run the deployment and keep its result with the org."""
    deployment = Deployment(_new_id(org), "Failed", user_id, time.time(), options)
    try:
        package = read_package(content, allow_missing=options.allow_missing_files)
    except BadPackage as problem:
        deployment = replace(deployment, error=str(problem))
    else:
        deployment = _run(deployment, catalog, package)
    org.set_setting(f"deployment:{deployment.id}", asdict(deployment))
    return deployment


def _run(deployment: Deployment, catalog: Catalog, package: Package) -> Deployment:
    options = deployment.options
    problems = tuple(_problem_message(problem, options) for problem in package.problems)
    messages = (*problems, *_apply(Draft(catalog), package))
    has_failed = any(not message.success for message in messages)
    if not options.check_only and not (has_failed and options.rollback_on_error):
        messages = (*problems, *_apply(catalog, package))
    good = [message for message in messages if message.success]
    status = "Succeeded"
    if has_failed:
        status = "Failed" if options.rollback_on_error or not good else "SucceededPartial"
    manifest = Message("", "package.xml", "package.xml", changed=not options.check_only)
    deployed = len(good) if status != "Failed" else 0
    return replace(deployment, status=status, messages=(manifest, *messages), deployed=deployed)


def _apply(catalog: Catalog, package: Package) -> list[Message]:
    saved = [_save(catalog, component) for component in package.components]
    return [*saved, *(_delete(catalog, component) for component in package.deletions)]


def _save(catalog: Catalog, component: Component) -> Message:
    kind = metadata_types.TYPES[component.type]
    before = kind.read(catalog, component.full_name)
    message = Message(component.type, component.full_name, component.file_name)
    if component.type == "CustomObject" and before is not None and len(component.node.children) == 1:
        return message  # only a carrier of fields
    outcome = metadata_types.save(catalog, component.type, component.node, "upsert")
    if outcome.error:
        return replace(message, success=False, problem=outcome.error.message, problem_type="Error")
    after = kind.read(catalog, component.full_name)
    return replace(message, created=outcome.created, changed=before != after)


def _delete(catalog: Catalog, component: Component) -> Message:
    message = Message(component.type, component.full_name, component.file_name)
    outcome = metadata_types.delete(catalog, component.type, component.full_name)
    if outcome.error is None:
        return replace(message, deleted=True, changed=True)
    # Deleting what is not there is a warning: the rest of the deletions goes on.
    is_warning = outcome.error.code == "INVALID_CROSS_REFERENCE_KEY"
    return replace(
        message, success=is_warning, problem=outcome.error.message, problem_type="Warning" if is_warning else "Error"
    )


def _problem_message(problem: Problem, options: Options) -> Message:
    success = problem.is_warning and options.ignore_warnings
    kind = "Warning" if problem.is_warning else "Error"
    return Message(
        problem.type, problem.full_name, problem.file_name, success=success, problem=problem.text, problem_type=kind
    )


def _new_id(org: Org) -> str:
    count = org.setting("deployments")
    number = (count if isinstance(count, int) else 0) + 1
    org.set_setting("deployments", number)
    return ids.make("0Af", number)


def find(org: Org, deployment_id: str) -> Deployment:
    """Raises SoapFault if there is none with this id (15 or 18 characters)."""
    stored = org.setting(f"deployment:{ids.normalize(deployment_id)}")
    if not isinstance(stored, dict):
        raise SoapFault("INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {deployment_id}")
    messages = tuple(Message(**message) for message in stored["messages"])
    return Deployment(**{**stored, "options": Options(**stored["options"]), "messages": messages})


# --- SOAP ---------------------------------------------------------------------------------------------


def options_of(node: Node) -> Options:
    return Options(
        check_only=node.flag("checkOnly"),
        ignore_warnings=node.flag("ignoreWarnings"),
        rollback_on_error=node.flag("rollbackOnError"),
        allow_missing_files=node.flag("allowMissingFiles"),
    )


def decode_zip(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise SoapFault("INVALID_TYPE_ON_FIELD_IN_RECORD", f"ZipFile is not base64: {error}") from None


def to_node(deployment: Deployment, *, with_details: bool) -> Node:
    """The DeployResult, elements in the order of the WSDL."""
    facts = _facts(deployment)
    children = [leaf(key, value) for key, value in facts.items() if key != "success" and value is not None]
    details = _details_node(deployment) if with_details and deployment.is_settled else Node("details")
    ordered = sorted([*children, details, leaf("success", bool(facts["success"]))], key=lambda node: node.name)
    return branch("result", *ordered)


def _details_node(deployment: Deployment) -> Node:
    failures = [_message_node("componentFailures", m, deployment) for m in deployment.failures]
    successes = [_message_node("componentSuccesses", m, deployment) for m in deployment.messages if m.success]
    tests = branch("runTestResult", leaf("numFailures", 0), leaf("numTestsRun", 0), leaf("totalTime", "0.0"))
    return branch("details", *failures, *successes, tests)


def _message_node(name: str, message: Message, deployment: Deployment) -> Node:
    return branch(name, *(leaf(key, value) for key, value in _message_facts(message, deployment) if value is not None))


def _message_facts(message: Message, deployment: Deployment) -> Iterable[tuple[str, str | bool | None]]:
    yield "changed", message.changed
    yield "componentType", message.type
    yield "created", message.created
    yield "createdDate", instant(datetime.fromtimestamp(deployment.created_at, UTC))
    yield "deleted", message.deleted
    yield "fileName", message.file_name
    yield "fullName", message.full_name
    yield "problem", message.problem or None
    yield "problemType", message.problem_type or None
    yield "success", message.success


def _facts(deployment: Deployment) -> dict[str, Any]:
    """The DeployResult without its details."""
    moment = instant(datetime.fromtimestamp(deployment.created_at, UTC))
    done = deployment.is_settled
    facts: dict[str, Any] = {
        "checkOnly": deployment.options.check_only,
        "completedDate": moment if done else None,
        "createdBy": deployment.created_by[:15],
        "createdByName": "Sandbox",
        "createdDate": moment,
        "done": done,
        "errorMessage": deployment.error or None if done else None,
        "errorStatusCode": "UNKNOWN_EXCEPTION" if done and deployment.error else None,
        "id": deployment.id,
        "ignoreWarnings": deployment.options.ignore_warnings,
        "lastModifiedDate": moment,
        "numberComponentErrors": len(deployment.failures) if done else 0,
        "numberComponentsDeployed": deployment.deployed if done else 0,
        "numberComponentsTotal": len(deployment.messages[1:]) if done else 0,
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": deployment.options.rollback_on_error,
        "runTestsEnabled": False,
        "startDate": moment,
        "status": deployment.status if done else "InProgress",
        "success": done and deployment.status.startswith("Succeeded"),
    }
    return facts


# --- REST ---------------------------------------------------------------------------------------------


def routes(org: Org) -> list[Route]:
    """`/services/data/v{version}/metadata/deployRequest`."""

    async def create(request: Request, user_id: str) -> Response:
        async with request.form(max_part_size=_MAX_FORM) as form:
            upload = form.get("file")
            # The reference names the part "json"; a widely used client calls it "entity_content".
            described = form.get("entity_content") or form.get("json") or "{}"
            if not isinstance(upload, UploadFile):
                return _bad_request("MISSING_ARGUMENT", "The part 'file' with the zip is missing")
            content = await upload.read()
            text = await described.read() if isinstance(described, UploadFile) else described
        try:
            given = json.loads(text).get("deployOptions") or {}
            options = _json_options(given)
        except (ValueError, AttributeError) as error:
            return _bad_request("JSON_PARSER_ERROR", f"The deploy options are not readable: {error}")
        deployment = await run_in_threadpool(start, org, Live(org), content, options, user_id)
        return JSONResponse(_json(request, deployment, details=False), status_code=201)

    async def show(request: Request, user_id: str) -> Response:
        try:
            deployment = await run_in_threadpool(find, org, request.path_params["id"])
        except SoapFault:
            problem = {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
            return JSONResponse([problem], status_code=404)
        details = request.query_params.get("includeDetails", "").lower() == "true"
        return JSONResponse(_json(request, deployment, details=details))

    base = "/services/data/{version}/metadata/deployRequest"
    return [
        Route(base, admitted(org, create), methods=["POST"]),
        Route(f"{base}/{{id}}", admitted(org, show), methods=["GET"]),
    ]


_MAX_FORM = 40_000_000


def _bad_request(code: str, message: str) -> Response:
    return JSONResponse([{"message": message, "errorCode": code}], status_code=400)


def _json_options(given: Mapping[str, Any]) -> Options:
    node = branch("DeployOptions", *(leaf(key, value) for key, value in given.items() if isinstance(value, bool)))
    return options_of(node)


def _json(request: Request, deployment: Deployment, *, details: bool) -> dict[str, Any]:
    result = _facts(deployment)
    if details and deployment.is_settled:
        shown = [dict(_message_facts(message, deployment)) for message in deployment.messages]
        result["details"] = {
            "componentFailures": [message for message in shown if not message["success"]],
            "componentSuccesses": [message for message in shown if message["success"]],
            "retrieveResult": None,
            "runTestResult": {"numFailures": 0, "numTestsRun": 0, "successes": [], "failures": [], "totalTime": 0},
        }
    options = deployment.options
    return {
        "id": deployment.id,
        "url": str(request.url.replace(query="")) + ("" if "id" in request.path_params else f"/{deployment.id}"),
        "deployResult": result,
        "deployOptions": {
            "checkOnly": options.check_only,
            "ignoreWarnings": options.ignore_warnings,
            "rollbackOnError": options.rollback_on_error,
            "allowMissingFiles": options.allow_missing_files,
        },
    }
