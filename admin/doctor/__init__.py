"""`tierline doctor`: what of an installation is wrong, and the command that mends it. Nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from admin.doctor import machine, work
from admin.doctor.line import Line
from sync.models import Portfolio


def examine() -> Iterator[Line]:
    """Everything there is to look at, one line each, what others rest on first."""
    yield machine.disk()
    database = machine.database()
    yield database
    yield from machine.queue_and_processes()
    if database.wrong:
        return
    yield machine.vault_opens()
    yield machine.mail()
    portfolios = list(Portfolio.objects.order_by("pk"))
    if not portfolios:
        yield Line("CRM", wrong="Nothing is connected yet.", mend="tierline connection add production --help")
    for portfolio in portfolios:
        for line in work.of(portfolio):
            yield replace(line, what=f"{portfolio}: {line.what}") if len(portfolios) > 1 else line
