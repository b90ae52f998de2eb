"""What CRMs send to us by themselves. Whoever sends has to prove by a signature that it is the CRM."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connectors.errors import BadInput
from connectors.hubspot import notices, signature
from sync import vault
from sync.models import Connection
from sync.reading import webhooks

log = logging.getLogger(__name__)


@csrf_exempt
@never_cache
@login_not_required
@require_POST
def hubspot(request: HttpRequest, number: int) -> JsonResponse:
    """200 once the marks are stored; for anything else HubSpot sends the events again later."""
    connection = get_object_or_404(Connection, pk=number, kind="hubspot")
    try:
        secret = vault.unseal(connection.credentials).get("client_secret", "")
    except vault.VaultLocked:
        secret = ""
    if not secret:
        return _answer(503, f"'{connection}' has no client secret to check signatures with.")
    doubt = signature.doubt(
        secret,
        "POST",
        f"{settings.TIERLINE_URL}{request.get_full_path()}",
        request.body,
        request.headers.get(signature.SIGNATURE, ""),
        request.headers.get(signature.TIMESTAMP, ""),
        time.time(),
    )
    if doubt:
        log.warning("a webhook for %s was not believed: %s", connection, doubt)
        return _answer(401, doubt)
    try:
        found = notices.read(request.body)
    except BadInput as error:
        return _answer(400, error.message)
    return JsonResponse({"events": len(found), "new": webhooks.take(connection, found)})


def address(connection: Connection) -> str:
    """Where HubSpot has to send the events of this connection."""
    return settings.TIERLINE_URL + reverse("hubspot_webhook", args=[connection.pk])


def _answer(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": message}, status=status)
