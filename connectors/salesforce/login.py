"""Logging in to a Salesforce org, in whichever way the credentials allow."""

from __future__ import annotations

from connectors.access import Token, TokenStore
from connectors.login import Login
from connectors.patience import Patience
from connectors.salesforce import jwt_bearer, soap_login, web_server
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.token_request import request_token


def login(credentials: Credentials, *, version: str, patience: Patience, tokens: TokenStore | None = None) -> Login:
    """The login of these credentials; nothing is sent yet."""
    given = None
    if credentials.access_token and credentials.instance_url:
        given = Token(credentials.access_token, credentials.instance_url.rstrip("/"))

    def ask(refresh: str) -> Token:
        return _ask(credentials, refresh, version, patience)

    return Login(given, None if credentials.way == "token" else ask, credentials.login_address, tokens)


def _ask(credentials: Credentials, refresh: str, version: str, patience: Patience) -> Token:
    if credentials.way == "password":
        return soap_login.log_in(credentials, version)
    if credentials.way == "jwt":
        form = jwt_bearer.form(credentials)
    elif credentials.way == "browser":
        form = web_server.refresh_form(credentials, refresh or credentials.refresh_token)
    else:
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
    return request_token(credentials.login_address, form, patience=patience)
