"""What people set differently in the CRM, as requests that wait for a decision for as long as they stand there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sync.models import Override, Run
from sync.plan import OverrideRequest

#: Account and output -> what stands in the CRM instead of our value.
Wanted = Mapping[tuple[int, str], OverrideRequest]


def record(run: Run, accounts: Collection[int], wanted: Wanted) -> None:
    """Bring the open requests of these accounts up to date; to be called inside a transaction.

    A request that was made in the console is not to be seen in the CRM, and stays until it is decided.
    """
    new = dict(wanted)
    for override in Override.objects.filter(account_id__in=accounts, state=Override.State.REQUESTED):
        request = new.pop((override.account_id, override.field), None)
        if override.requested_by:
            continue
        if request is None:
            override.state = Override.State.WITHDRAWN
        else:
            override.value, override.computed = request.value or "", request.computed or ""
        override.save(update_fields=["state", "value", "computed"])
    Override.objects.bulk_create(
        Override(account_id=account, field=field, value=request.value or "", computed=request.computed or "", run=run)
        for (account, field), request in new.items()
    )


def note_replaced(values: Mapping[int, str], held: Mapping[int, str]) -> None:
    """Rejected and ended overrides whose value the CRM no longer holds, or not after this plan, are dealt with.

    From then on the same value in the CRM is a new edit of a person. `values` and `held` by account.
    """
    gone = [account for account, value in values.items() if held.get(account, "") != value]
    if gone:
        decided = Override.objects.filter(account_id__in=gone, field="tier", replaced=False)
        decided.filter(state__in=(Override.State.REJECTED, Override.State.EXPIRED)).update(replaced=True)
