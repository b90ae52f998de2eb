"""Describe: all objects in short, one object in full, with its fields, picklists, children and record types."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org.org import Org
from connectors.sandbox.org.record_types import RECORD_TYPE, Allowed
from connectors.sandbox.org.schema import NUMBER_TYPES, PICKLIST_TYPES, TEXT_TYPES, FieldDef, ObjectDef
from connectors.sandbox.salesforce_api.calls import MISSING, ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.relationships import child_name
from connectors.sandbox.salesforce_api.sobjects import known_object

_MASTER_RECORD_TYPE = "012000000000000AAA"
Json = dict[str, Any]


@dataclass(frozen=True)
class Describe:
    """The describe resources of one org, as the asking user sees it."""

    org: Org

    def entries(self) -> list[Entry]:
        return [
            (("GET",), r"sobjects", self.everything),
            (("GET",), r"sobjects/(\w+)", self.basics),
            (("GET",), r"sobjects/(\w+)/describe", self.one),
            (("GET",), r"sobjects/(\w+)/describe/layouts", self.layouts),
            (("GET",), r"sobjects/(\w+)/describe/.*", self.missing),
        ]

    def everything(self, call: Call) -> Reply:
        grants = self.org.access.grants(call.user_id)
        allowed = [(definition, grants.on(definition)) for definition in self.org.objects().values()]
        listed = [_summary(call, definition, may) for definition, may in allowed if "allowRead" in may]
        return Reply({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    def basics(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        return Reply({"objectDescribe": self._summary(call, definition), "recentItems": []})

    def _summary(self, call: Call, definition: ObjectDef) -> Json:
        return _summary(call, definition, self.org.access.grants(call.user_id).on(definition))

    def one(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        options = call.write_options()
        hidden = self.org.access.hidden(options.user_id)
        locked = self.org.access.uneditable(options.user_id)
        fields = [
            describe_field(definition, field, editable=f"{definition.name}.{name}" not in locked)
            for name, field in definition.fields.items()
            if f"{definition.name}.{name}" not in hidden
        ]
        return Reply(
            {
                **self._summary(call, definition),
                "fields": fields,
                "childRelationships": self._children(definition, hidden),
                "recordTypeInfos": self._record_types(call, definition),
                "supportedScopes": [{"label": f"All {definition.label_plural}", "name": "everything"}],
                "namedLayoutInfos": [],
                "actionOverrides": [],
            }
        )

    def _children(self, definition: ObjectDef, hidden: frozenset[str]) -> list[Json]:
        return [
            {
                "cascadeDelete": field.on_delete == "cascade",
                "childSObject": child.name,
                "deprecatedAndHidden": False,
                "field": field.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": child_name(field),
                "restrictedDelete": field.on_delete == "restrict",
            }
            for child in self.org.objects().values()
            for field in child.fields.values()
            if definition.name in field.reference_to and f"{child.name}.{field.name}" not in hidden
        ]

    def missing(self, call: Call) -> Reply:
        raise ApiError("NOT_FOUND", MISSING)

    def layouts(self, call: Call) -> Reply:
        """The picklist values of each record type. The sandbox has no page layouts: that list is empty."""
        definition = known_object(self.org, call.parts[0], call.user_id)
        allowed = Allowed.of(self.org.store, self.org.object(RECORD_TYPE))
        hidden = self.org.access.hidden(call.user_id)
        picklists = [
            field
            for name, field in definition.fields.items()
            if field.type in PICKLIST_TYPES and f"{definition.name}.{name}" not in hidden
        ]
        mappings = []
        for info in self._record_types(call, definition):
            limits = allowed.values.get(info["recordTypeId"], {})
            lists = [
                {
                    "picklistName": field.name,
                    "picklistValues": [
                        entry
                        for entry in _entries(definition, field)
                        if entry["active"] and entry["value"] in limits.get(field.name, [entry["value"]])
                    ],
                }
                for field in picklists
            ]
            mappings.append({**info, "layoutId": None, "picklistsForRecordType": lists})
        return Reply({"layouts": [], "recordTypeMappings": mappings, "recordTypeSelectorRequired": [False]})

    def _record_types(self, call: Call, definition: ObjectDef) -> list[Json]:
        name = definition.name
        rows = self.org.query(f"SELECT Id, Name, DeveloperName, IsActive FROM RecordType WHERE SobjectType = '{name}'")
        found = [(row["Id"], row["Name"], row["DeveloperName"], row["IsActive"], False) for row in rows.records]
        found.append((_MASTER_RECORD_TYPE, "Master", "Master", True, True))
        return [
            {
                "active": active,
                "available": active,
                "defaultRecordTypeMapping": master,
                "developerName": developer_name,
                "master": master,
                "name": label,
                "recordTypeId": record_id,
                "urls": {"layout": f"{call.root}/sobjects/{name}/describe/layouts/{record_id}"},
            }
            for record_id, label, developer_name, active, master in found
        ]


def _summary(call: Call, definition: ObjectDef, may: frozenset[str]) -> Json:
    """The object in short; `may`: what the user may do, as keys of `permission_sets.OBJECT_PERMISSIONS`."""
    address = f"{call.root}/sobjects/{definition.name}"
    return {
        "activateable": False,
        "createable": definition.createable and "allowCreate" in may,
        "custom": definition.custom,
        "customSetting": False,
        "deletable": definition.deletable and "allowDelete" in may,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": definition.key_prefix,
        "label": definition.label,
        "labelPlural": definition.label_plural,
        "layoutable": True,
        "mergeable": definition.name in ("Account", "Contact", "Lead", "Case"),
        "mruEnabled": True,
        "name": definition.name,
        "queryable": True,
        "replicateable": "SystemModstamp" in definition.fields,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": definition.deletable and "allowDelete" in may,
        "updateable": definition.updateable and "allowEdit" in may,
        "urls": {
            "describe": f"{address}/describe",
            "rowTemplate": f"{address}/{{ID}}",
            "sobject": address,
        },
    }


#: What no field of a sandbox org ever has or is.
_NEVER: Json = {
    **dict.fromkeys(
        (
            "compoundFieldName", "defaultValueFormula", "extraTypeInfo", "mask", "maskType",
            "referenceTargetField", "relationshipOrder",
        )
    ),
    **dict.fromkeys(
        (
            "deprecatedAndHidden", "displayLocationInDecimal", "encrypted", "highScaleNumber", "queryByDistance",
            "writeRequiresMasterRead",
        ),
        False,
    ),
}  # fmt: skip


def describe_field(definition: ObjectDef, field: FieldDef, *, editable: bool = True) -> Json:
    """One entry of `fields`."""
    is_number = field.type in NUMBER_TYPES and field.type != "int"
    length = field.length if field.type in TEXT_TYPES or field.type in ("id", "reference") else 0
    calculated = field.calculated or bool(field.auto_number)
    writable = editable and not calculated
    return {
        "aggregatable": not field.is_long_text,
        **_NEVER,
        "autoNumber": bool(field.auto_number),
        "byteLength": length * 3 if field.type not in ("id", "reference") else 18,
        "calculated": field.calculated,
        "calculatedFormula": field.formula or None,
        "cascadeDelete": field.on_delete == "cascade",
        "caseSensitive": field.case_sensitive,
        "controllerName": field.controller or None,
        "createable": field.createable and writable,
        "custom": field.custom,
        "defaultValue": field.default if field.type == "boolean" else None,
        "defaultedOnCreate": field.type == "boolean" or field.default is not None or field.name == "OwnerId",
        "dependentPicklist": bool(field.controller),
        "digits": field.precision or 9 if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": field.filterable and not field.is_long_text,
        "groupable": not field.is_long_text and not is_number and field.type != "datetime",
        "htmlFormatted": field.html,
        "idLookup": field.type == "id" or field.external_id or field.name_field,
        "inlineHelpText": field.help or None,
        "label": field.label,
        "length": length,
        "name": field.name,
        "nameField": field.name == definition.name_field,
        "namePointing": field.is_polymorphic,
        "nillable": not field.required and field.type not in ("boolean", "id"),
        "permissionable": field.custom and not field.required,
        "picklistValues": _entries(definition, field) if field.type in PICKLIST_TYPES else [],
        "polymorphicForeignKey": field.is_polymorphic,
        "precision": field.precision or 18 if is_number else 0,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name or None,
        "restrictedDelete": field.on_delete == "restrict",
        "restrictedPicklist": field.restricted,
        "scale": field.scale if is_number else 0,
        "searchPrefilterable": field.type == "reference",
        "soapType": _soap_type(field),
        "sortable": not field.is_long_text and field.type != "multipicklist",
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and writable,
    }


def _soap_type(field: FieldDef) -> str:
    return f"tns:{field.soap_type}" if field.soap_type == "ID" else f"xsd:{field.soap_type}"


def _entries(definition: ObjectDef, field: FieldDef) -> list[Json]:
    # unverified: describe lists deactivated picklist values with active = false.
    controlling = _controlling_values(definition, field)
    return [
        {
            "active": entry.active,
            "defaultValue": entry.default,
            "label": entry.label,
            "validFor": _bitmap(controlling, entry.valid_for) if field.controller else None,
            "value": entry.value,
        }
        for entry in field.values
    ]


def _controlling_values(definition: ObjectDef, field: FieldDef) -> Sequence[str]:
    controller = definition.find(field.controller) if field.controller else None
    if controller is None:
        return ()
    if controller.type == "boolean":
        return ("false", "true")
    return [entry.value for entry in controller.values]


def _bitmap(controlling: Sequence[str], valid_for: Sequence[str]) -> str:
    """Base64 of one bit per controlling value, the most significant bit first; whole groups of three bytes."""
    bits = bytearray(3 * -(-max(len(controlling), 1) // 24))
    for position, value in enumerate(controlling):
        if value in valid_for:
            bits[position >> 3] |= 0x80 >> (position % 8)
    return base64.b64encode(bits).decode()
