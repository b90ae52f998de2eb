"""The playbook of a tier in words: for the CRM's detail record and the account's page."""

from __future__ import annotations

from datetime import date

from scoring.model.playbook import Play


def lines(play: Play) -> list[str]:
    """One sentence per part, what is to be done first, free text last."""
    found = [contact(play)] if play.contact_days else []
    if play.reply_hours:
        found.append(f"Answer within {_counted(play.reply_hours, 'hour')}")
    if play.seniority:
        found.append(f"Looked after by: {play.seniority}")
    if play.terms_days is not None:
        found.append(f"Payment within {_counted(play.terms_days, 'day')}" if play.terms_days else "Payment in advance")
    found += [f"{name}: {words}" for name, words in (("Delivery", play.delivery), ("Support", play.support)) if words]
    sentences = [line if line.endswith((".", "!", "?")) else f"{line}." for line in found]
    return sentences + ([play.text] if play.text else [])


def text(play: Play) -> str:
    """All of it as one text.

    >>> text(Play(contact_days=14, reply_hours=4, text="Visit twice a year."))
    'Contact every 14 days. Answer within 4 hours. Visit twice a year.'
    """
    return " ".join(lines(play))


def contact(play: Play, last: str = "", as_of: date | None = None) -> str:
    """The cadence and, given a date, how long the last contact (ISO date, "" for none on record) was before it.

    >>> contact(Play(contact_days=14), "2026-09-21", date(2026, 11, 1))
    'Contact every 14 days; last contact 41 days ago'
    """
    every = f"Contact every {_counted(play.contact_days or 0, 'day')}" if play.contact_days != 1 else "Contact daily"
    if as_of is None:
        return every
    if not last:
        return f"{every}; no contact on record"
    return f"{every}; last contact {_counted(days_since(last, as_of), 'day')} ago"


def days_since(last: str, as_of: date) -> int:
    """Days from an ISO date to the date scored for."""
    return (as_of - date.fromisoformat(last)).days


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
