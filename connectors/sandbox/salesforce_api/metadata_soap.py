"""The Metadata API over SOAP: `/services/Soap/m/{version}` with the CRUD, list, describe, deploy and
retrieve calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import deploy, metadata_types, soap
from connectors.sandbox.salesforce_api.catalog import Live, MetadataError, Mode
from connectors.sandbox.salesforce_api.draft import Draft
from connectors.sandbox.salesforce_api.metadata_types import TYPES, Outcome, component_type
from connectors.sandbox.salesforce_api.retrieve import Retrievals
from connectors.sandbox.salesforce_api.soap import SoapCall, SoapFault
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

MAX_COMPONENTS = 10
#: Said to users who may not change metadata.
# unverified: the Metadata API refuses a user without ModifyAllData or ModifyMetadata with INSUFFICIENT_ACCESS.
NOT_ALLOWED = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
MAX_LIST_QUERIES = 3

Answer = Iterable[Node]


def routes(org: Org) -> list[Route]:
    face = MetadataFace(org)

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(face.answer, body)

    # One client posts deployments below the version path; whatever follows it is the same endpoint.
    return [
        Route("/services/Soap/m/{version}", endpoint, methods=["POST"]),
        Route("/services/Soap/m/{version}/{rest:path}", endpoint, methods=["POST"]),
    ]


class MetadataFace:
    """Answers one call at a time against the org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._catalog = Live(org)
        self._retrievals = Retrievals(org, self._catalog)
        self._operations: dict[str, Callable[[SoapCall, str], Answer]] = {
            "createMetadata": self._create,
            "updateMetadata": self._update,
            "upsertMetadata": self._upsert,
            "deleteMetadata": self._delete,
            "readMetadata": self._read,
            "listMetadata": self._list,
            "describeMetadata": self._describe,
            "deploy": self._deploy,
            "checkDeployStatus": self._check_deploy_status,
            "retrieve": lambda call, user_id: [self._retrievals.start(call)],
            "checkRetrieveStatus": lambda call, user_id: [self._retrievals.status(call)],
        }

    def answer(self, body: bytes) -> Response:
        try:
            call = soap.read_call(body)
            operation = self._operations.get(call.operation)
            user_id = self._org.sessions.user_of(call.session_id)
            if user_id is None:
                raise SoapFault(
                    "INVALID_SESSION_ID",
                    "Invalid Session ID found in SessionHeader: Illegal Session. Session not found.",
                )
            if not self._org.access.may_change_metadata(user_id):
                raise SoapFault("INSUFFICIENT_ACCESS", NOT_ALLOWED)
            if operation is None:
                raise SoapFault("UNKNOWN_EXCEPTION", f"The sandbox does not offer the call {call.operation}")
            return soap.reply(call.operation, operation(call, user_id))
        except SoapFault as problem:
            return soap.fault(problem)
        except MetadataError as refusal:
            return soap.fault(SoapFault(refusal.code, refusal.message))

    # --- components -------------------------------------------------------------------------------

    def _create(self, call: SoapCall, user_id: str) -> Answer:
        return [_result(outcome) for outcome in self._save(call, "create")]

    def _update(self, call: SoapCall, user_id: str) -> Answer:
        return [_result(outcome) for outcome in self._save(call, "update")]

    def _upsert(self, call: SoapCall, user_id: str) -> Answer:
        return [_result(outcome, with_created=True) for outcome in self._save(call, "upsert")]

    def _save(self, call: SoapCall, mode: Mode) -> list[Outcome]:
        components = call.arguments.all("metadata")
        _check_count(len(components))
        types = {node.type for node in components}
        if len(types) > 1:
            raise SoapFault("INVALID_TYPE", f"All components must be of the same type: {', '.join(sorted(types))}")
        if _all_or_none(call):
            draft = Draft(self._catalog)
            tried = [metadata_types.save(draft, node.type, node, mode) for node in components]
            if any(outcome.error for outcome in tried):
                return [_rolled_back(outcome) for outcome in tried]
        return [metadata_types.save(self._catalog, node.type, node, mode) for node in components]

    def _delete(self, call: SoapCall, user_id: str) -> Answer:
        names = [node.text for node in call.arguments.all("fullNames")]
        _check_count(len(names))
        type_name = call.arguments.get("type")
        return [_result(metadata_types.delete(self._catalog, type_name, name)) for name in names]

    def _read(self, call: SoapCall, user_id: str) -> Answer:
        names = [node.text for node in call.arguments.all("fullNames")]
        _check_count(len(names))
        kind = component_type(call.arguments.get("type"))
        records = (kind.read(self._catalog, name) or Node("records", nil=True) for name in names)
        return [branch("result", *records)]

    def _list(self, call: SoapCall, user_id: str) -> Answer:
        queries = call.arguments.all("queries")
        if len(queries) > MAX_LIST_QUERIES:
            raise SoapFault("EXCEEDED_ID_LIMIT", f"At most {MAX_LIST_QUERIES} queries in one call")
        found = [component_type(query.get("type")) for query in queries]
        return [self._file(kind.name, name) for kind in found for name in kind.names(self._catalog)]

    def _file(self, type_name: str, full_name: str) -> Node:
        kind = TYPES[type_name]
        file = full_name.partition(".")[0] if kind.is_child else full_name
        user = self._org.admin_user_id
        # The sandbox does not keep when a component was changed, or by whom.
        then = deploy.instant(datetime(2020, 1, 1, tzinfo=UTC))
        return branch(
            "result", leaf("createdById", user), leaf("createdByName", self._org.name), leaf("createdDate", then),
            leaf("fileName", f"{kind.directory}/{file}.{kind.suffix}"), leaf("fullName", full_name),
            leaf("id", ""), leaf("lastModifiedById", user), leaf("lastModifiedByName", self._org.name),
            leaf("lastModifiedDate", then), leaf("manageableState", "unmanaged"), leaf("namespacePrefix", ""),
            leaf("type", type_name),
        )  # fmt: skip

    def _describe(self, call: SoapCall, user_id: str) -> Answer:
        described = [
            branch(
                "metadataObjects", *(leaf("childXmlNames", child) for child in kind.children),
                leaf("directoryName", kind.directory), leaf("inFolder", False), leaf("metaFile", False),
                leaf("suffix", kind.suffix), leaf("xmlName", kind.name),
            )
            for kind in TYPES.values() if not kind.is_child
        ]  # fmt: skip
        rest = (leaf("organizationNamespace", ""), leaf("partialSaveAllowed", True), leaf("testRequired", False))
        return [branch("result", *described, *rest)]

    # --- deployments -------------------------------------------------------------------------------

    def _deploy(self, call: SoapCall, user_id: str) -> Answer:
        options = deploy.options_of(call.arguments.child("DeployOptions") or Node("DeployOptions"))
        content = deploy.decode_zip(call.arguments.get("ZipFile"))
        deployment = deploy.start(self._org, self._catalog, content, options, user_id)
        return [branch("result", leaf("done", False), leaf("id", deployment.id), leaf("state", "Queued"))]

    def _check_deploy_status(self, call: SoapCall, user_id: str) -> Answer:
        deployment = deploy.find(self._org, call.arguments.get("asyncProcessId"))
        return [deploy.to_node(deployment, with_details=call.arguments.flag("includeDetails"))]


def _check_count(count: int) -> None:
    if count > MAX_COMPONENTS:
        raise SoapFault(
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {MAX_COMPONENTS} records in this operation",
        )


def _all_or_none(call: SoapCall) -> bool:
    header = call.headers.child("AllOrNoneHeader")
    return header is not None and header.flag("allOrNone")


def _rolled_back(outcome: Outcome) -> Outcome:
    if outcome.error:
        return outcome
    reason = MetadataError("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid")
    return Outcome(outcome.type, outcome.full_name, error=reason)


def _result(outcome: Outcome, with_created: bool = False) -> Node:
    error = outcome.error
    return branch(
        "result",
        leaf("created", outcome.created) if with_created else None,
        _error(error) if error else None,
        optional("fullName", outcome.full_name) or leaf("fullName", ""),
        leaf("success", error is None),
    )


def _error(error: MetadataError) -> Node:
    fields = (leaf("fields", name) for name in error.fields)
    return branch("errors", *fields, leaf("message", error.message), leaf("statusCode", error.code))
