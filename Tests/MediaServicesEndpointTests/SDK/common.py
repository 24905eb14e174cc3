"""What the scripts share: the official SDK's client of the endpoint that a test has started, and plain HTTP."""

import http.client
import json
import os
import ssl
import urllib.parse

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.media import AzureMediaServices

URL = os.environ["LOCKSTEP_URL"]
ACCOUNT = os.environ.get("LOCKSTEP_ACCOUNT", "east")
GROUP = os.environ.get("LOCKSTEP_GROUP", "lockstep")
SUBSCRIPTION = os.environ.get("LOCKSTEP_SUBSCRIPTION", "00000000-0000-0000-0000-000000000000")
TOKEN = os.environ.get("LOCKSTEP_TOKEN", "none")
CERTIFICATE = os.environ.get("LOCKSTEP_CERTIFICATE")
HERE = (GROUP, ACCOUNT)


class Bearer(SansIOHTTPPolicy):
    """Brings the token; the SDK's own policy refuses plain HTTP."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = f"Bearer {TOKEN}"


class Nobody:
    """A credential that is never asked."""

    def get_token(self, *scopes, **options):
        raise AssertionError("the credential was asked")


def client(**options):
    """The SDK's client."""
    if CERTIFICATE:
        options["connection_verify"] = CERTIFICATE
    return AzureMediaServices(
        Nobody(), SUBSCRIPTION, base_url=URL, authentication_policy=Bearer(), polling_interval=0.05, **options
    )


def refused(status, call, *arguments, code=None, says=None, **options):
    """Expects a call to be refused with a status, and an error of the service's shape."""
    try:
        answer = call(*arguments, **options)
        if hasattr(answer, "__next__") or hasattr(answer, "by_page"):
            list(answer)
    except HttpResponseError as error:
        assert error.status_code == status, (error.status_code, status, error.message)
        body = json.loads(error.response.text())
        assert set(body) == {"error"} and {"code", "message"} <= set(body["error"]), body
        if code:
            assert body["error"]["code"] == code, body
        if says:
            assert says in body["error"]["message"], body
        return body["error"]
    raise AssertionError(f"was not refused with {status}")


def path(*parts):
    """A path beneath the account, encoded."""
    base = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Media/mediaServices/{ACCOUNT}"
    return "/".join([base] + [urllib.parse.quote(part, safe="") for part in parts])


def raw(method, target, body=None, version="2022-08-01", headers=None, token=TOKEN, query=""):
    """A request without the SDK: status, headers in lower case, decoded body."""
    where = urllib.parse.urlsplit(URL)
    if where.scheme == "https":
        context = ssl.create_default_context(cafile=CERTIFICATE)
        connection = http.client.HTTPSConnection(where.hostname, where.port, context=context)
    else:
        connection = http.client.HTTPConnection(where.hostname, where.port)
    if version:
        query = f"api-version={version}" + (f"&{query}" if query else "")
    fields = dict(headers or {})
    if token:
        fields["Authorization"] = f"Bearer {token}"
    content = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    connection.request(method, target + (f"?{query}" if query else ""), content, fields)
    response = connection.getresponse()
    text = response.read()
    fields = {name.lower(): value for name, value in response.getheaders()}
    connection.close()
    return response.status, fields, json.loads(text) if text else None
