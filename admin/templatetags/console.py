"""How the console writes numbers, times, tiers and icons."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scoring.money import SCALE

register = template.Library()

#: A shape beside the word, so that a tier is told apart without colour.
SHAPES = {"platinum": "◆", "gold": "●", "silver": "■", "bronze": "▲"}
NOTHING = "–"
_ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


@register.filter
def number(value: Any) -> str:
    """12345 -> "12,345"; 61.25 -> "61.2"; nothing -> a dash."""
    if value is None or value == "":
        return NOTHING
    return f"{value:,.1f}" if isinstance(value, float) else f"{int(value):,}"


@register.filter
def share(part: int, whole: int) -> str:
    """Percent of a whole."""
    return f"{100 * part / whole:.0f} %" if whole else NOTHING


@register.filter
def percent(share: float) -> str:
    """0.1432 -> "14.3 %"."""
    return f"{100 * share:.1f} %"


@register.filter
def rate(share: float | None) -> str:
    """0.9 -> "90.0 %"; what nothing can be said about -> a dash. Only what is whole is shown as 100 %."""
    if share is None:
        return NOTHING
    return f"{min(100 * share, 99.9) if share < 1 else 100:.1f} %"


@register.filter
def money(amount: int, currency: str) -> str:
    """120000000 (1/10,000) -> "12,000 EUR"."""
    return f"{amount / SCALE:,.0f} {currency}".strip()


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """How long ago, with the exact time on hover."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment)
    exact = f"{local:%a} {local.day} {local:%b %Y %H:%M:%S}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        exact,
        str(naturaltime(moment)).replace("\xa0", " "),
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """The exact time."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), local.day, f"{local:%b %Y %H:%M}")


@register.filter
def day(value: date | str | None) -> str:
    """2026-03-01 -> "1 Mar 2026"; also from the ISO text in which a CRM's date is stored."""
    if not value:
        return NOTHING
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value[:10])
        except ValueError:
            return value
    else:
        found = value
    return f"{found.day} {found:%b %Y}"


@register.filter
def dated(text: str) -> str:
    """A sentence with its dates as they stand elsewhere: "the last on 2024-06-14" -> "the last on 14 Jun 2024"."""
    return _ISO.sub(lambda found: day(found.group()), text or "")


@register.filter
def lower_first(text: str) -> str:
    """A sentence as the middle of another one."""
    return text[:1].lower() + text[1:]


@register.filter
def duration(seconds: float | None) -> str:
    """372 -> "6 min 12 s"."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@register.simple_tag
def tier_badge(key: str, label: str) -> SafeString | str:
    """The tier as word, shape and colour."""
    if not key:
        return NOTHING
    kind = key if key in SHAPES else "other"
    return format_html(
        '<span class="slds-badge tl-tier tl-tier_{}"><span aria-hidden="true">{}</span> {}</span>',
        kind,
        SHAPES.get(key, "○"),
        label,
    )


@register.simple_tag
def icon(name: str, words: str = "") -> SafeString:
    """A utility icon; `words` say what it means when no text beside it does."""
    address = f"{static('console/vendor/slds/icons/utility.svg')}#{name}"
    svg = format_html('<svg class="tl-icon" aria-hidden="true"><use href="{}"></use></svg>', address)
    return format_html('{}<span class="slds-assistive-text">{}</span>', svg, words) if words else svg
