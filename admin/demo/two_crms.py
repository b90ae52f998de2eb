"""The demo with both CRMs: the generated company in Salesforce, and the HubSpot of its marketing and support."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin.cli.output import err

if TYPE_CHECKING:
    from sync.models import Portfolio

#: Accounts in Salesforce unless another number is asked for, and customers with a record in HubSpot too.
ACCOUNTS, BOTH = 100, 60
#: What lies in the home folder: the second CRM, who is in both, and the model.
PORTAL, SHARED, MODEL = "portal", "shared.json", "model.yaml"
#: In whose name the demo decides.
PERSON = "demo"


def fill(root: Path, seed: int, today: date) -> None:
    """Fill the second CRM with records of the company's customers, and keep who is in both."""
    from admin.demo.company import other_crm
    from connectors.sandbox.org.org import Org
    from connectors.sandbox.portal.portal import Portal

    with Org.open(root / "org") as org, Portal.open(root / PORTAL) as portal:
        shared = other_crm.fill(portal, org, seed, BOTH, today)
    (root / SHARED).write_text(json.dumps([asdict(each) for each in shared]))


def model(root: Path) -> Path:
    """The model file of a portfolio with both CRMs."""
    from admin.demo.company import other_crm
    from scoring import presets

    path = root / MODEL
    path.write_text(presets.text("default") + other_crm.MODEL)
    return path


def decide_matches(root: Path, portfolio: Portfolio) -> int:
    """What a person does after the first run: confirm the proposals that are one company; how many these were."""
    from sync.matching import matches
    from sync.models import Match

    shared = {(each["account"], each["company"]) for each in json.loads((root / SHARED).read_text())}
    waiting = Match.objects.filter(portfolio=portfolio, state=Match.State.PROPOSED).select_related("first", "second")
    found = [match for match in waiting if (match.first_record, match.second_record) in shared]
    sure = matches.confirmed(portfolio).count()
    if found:
        err.print(f"{sure} companies were found in both CRMs; {len(found)} proposals are confirmed as a person would.")
    return matches.confirm(found, PERSON) + _mend(root, portfolio)


def _mend(root: Path, portfolio: Portfolio) -> int:
    """What owners do about values that are on no list: choose the one that fits; for how many companies."""
    from connectors.sandbox.org.org import Org
    from sync import outputs
    from sync.matching import matches
    from sync.models import AccountState

    connection = portfolio.crms()[0]
    published = portfolio.model_in_force()
    if published is None:
        return 0
    layout = outputs.layout(published, connection)
    both = matches.confirmed(portfolio).values_list("first_record", flat=True)
    rows = []
    for state in AccountState.objects.filter(connection=connection, record_id__in=list(both)).select_related("score"):
        result = state.score.result if state.score else {}
        wrong = [key for key, listed in layout.choices().items() if state.current.get(key) not in (None, *listed)]
        if wrong:
            rows.append({"Id": state.record_id, **{layout.names[key]: result.get(key) for key in wrong}})
    if rows:
        with Org.open(root / "org") as org:
            org.update("Account", rows, all_or_none=True)
        err.print(f"{len(rows)} values that were on no list are mended in the CRM, as their owners would.")
    return len(rows)


def figures(portfolio: Portfolio) -> dict[str, Any]:
    """The parity report as plain values."""
    from admin.cli import parity as words
    from sync.matching import parity

    told = parity.report(portfolio)
    return {"parity": words.as_dict(told)} if told else {}


def show(portfolio: Portfolio) -> None:
    """Print the parity report."""
    from admin.cli import parity as words
    from sync.matching import parity

    told = parity.report(portfolio)
    if told:
        words.show(told)
