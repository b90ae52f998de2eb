"""The card in Salesforce: a Lightning web component on base components and Lightning Data Service alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from admin import card
from connectors.salesforce.client import API_VERSION
from connectors.salesforce.detail import RELATIONSHIP
from connectors.salesforce.kinds import DETAIL
from scoring.model import Model
from sync.outputs import Layout

NAME, PAGE = "accountTier", "Tierline_Account"
#: Where the component is described.
META = f"lwc/{NAME}/{NAME}.js-meta.xml"
_OWN = ("html", "js", "css")
_NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def files(model: Model, layout: Layout) -> dict[str, bytes]:
    """Path inside the project's source folder -> content: the component, its labels, and a page that shows it."""
    found = {f"{NAME}.{kind}": card.source(f"salesforce/{NAME}.{kind}") for kind in _OWN}
    found |= {
        f"{NAME}.js-meta.xml": _described(),
        "content.js": card.source("content.js"),
        "fields.js": _fields(layout),
        "model.js": card.module("What the company's model says for all accounts.", MODEL=card.facts(model, layout)),
        "words.js": _words(),
    }
    bundle = {f"lwc/{NAME}/{name}": text.encode() for name, text in found.items()}
    return {
        **bundle,
        "labels/CustomLabels.labels-meta.xml": _labels().encode(),
        f"flexipages/{PAGE}.flexipage-meta.xml": _page().encode(),
    }


def _fields(layout: Layout) -> str:
    """Role -> field, of the account and of its detail record; the second is empty where the model has none."""
    return card.module(
        "Our fields by role.",
        ACCOUNT={role: f"Account.{name}" for role, name in layout.names.items()},
        DETAIL={f"detail_{key}": f"{DETAIL}.{name}" for key, name in layout.detail.items()},
        DETAIL_LIST=f"{RELATIONSHIP}__r" if layout.detail else None,
    )


def _label(key: str) -> str:
    return f"Tierline_{key}"


def _words() -> str:
    """The words, each from a custom label, so that the company translates them in Translation Workbench."""
    keys = list(card.words())
    imports = [f'import {key} from "@salesforce/label/c.{_label(key)}";' for key in keys]
    named = ",\n  ".join(keys)
    head = "// What the card says. Written by Tierline; do not edit.\n"
    return head + "\n".join(imports) + f"\n\nexport const WORDS = {{\n  {named}\n}};\n"


def _labels() -> str:
    return "\n".join(_label_lines(card.words())) + "\n"


def _label_lines(words: Mapping[str, str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<CustomLabels {_NS}>"
    for key, text in words.items():
        yield "    <labels>"
        yield f"        <fullName>{_label(key)}</fullName>"
        yield "        <language>en_US</language>"
        yield "        <protected>false</protected>"
        yield f"        <shortDescription>Tierline card: {key.replace('_', ' ')}</shortDescription>"
        yield f"        <value>{escape(text)}</value>"
        yield "    </labels>"
    yield "</CustomLabels>"


#: Region of the page's template -> Salesforce's own components in it; the card leads the side bar.
_REGIONS = {
    "header": ("force:highlightsPanel",),
    "main": ("force:detailPanel", "force:relatedListContainer"),
    "sidebar": (f"c:{NAME}", "runtime_sales_activities:activityPanel"),
}


def _page() -> str:
    return "\n".join(_page_lines()) + "\n"


def _page_lines() -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<FlexiPage {_NS}>"
    for region, components in _REGIONS.items():
        yield "    <flexiPageRegions>"
        for name in components:
            yield "        <itemInstances>"
            yield "            <componentInstance>"
            yield f"                <componentName>{name.removeprefix('c:')}</componentName>"
            yield f"                <identifier>{name.replace(':', '_')}</identifier>"
            yield "            </componentInstance>"
            yield "        </itemInstances>"
        yield f"        <name>{region}</name>"
        yield "        <type>Region</type>"
        yield "    </flexiPageRegions>"
    yield "    <masterLabel>Account with customer value (Tierline)</masterLabel>"
    yield "    <sobjectType>Account</sobjectType>"
    yield "    <template>"
    yield "        <name>flexipage:recordHomeTemplateDesktop</name>"
    yield "    </template>"
    yield "    <type>RecordPage</type>"
    yield "</FlexiPage>"


def _described() -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<LightningComponentBundle {_NS}>
    <apiVersion>{API_VERSION}</apiVersion>
    <description>Tier of an account, why, what it means for the seller, and what is missing.</description>
    <isExposed>true</isExposed>
    <masterLabel>Customer value (Tierline)</masterLabel>
    <targets>
        <target>lightning__RecordPage</target>
    </targets>
    <targetConfigs>
        <targetConfig targets="lightning__RecordPage">
            <objects>
                <object>Account</object>
            </objects>
            <supportedFormFactors>
                <supportedFormFactor type="Large"/>
                <supportedFormFactor type="Small"/>
            </supportedFormFactors>
        </targetConfig>
    </targetConfigs>
</LightningComponentBundle>
"""
