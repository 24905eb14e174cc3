"""A stand-in for an AMS v3 service: it keeps resources in memory and rewrites what the real one rewrites.

Prints its port, then serves until it is stopped. POST /_control changes its settings; GET /_control tells what it did.
"""

import base64, copy, json, re, socket, threading, time, urllib.parse, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = [
    "assets", "accountFilters", "contentKeyPolicies", "streamingPolicies", "streamingLocators", "streamingEndpoints"]
CHILDREN = ["assetFilters", "tracks"]
PREDEFINED = [
    "Predefined_ClearKey", "Predefined_ClearStreamingOnly", "Predefined_DownloadAndClearStreaming",
    "Predefined_DownloadOnly", "Predefined_MultiDrmCencStreaming", "Predefined_MultiDrmStreaming",
]
LABELS = {
    "Predefined_ClearKey": ["clearKeyDefault"], "Predefined_MultiDrmCencStreaming": ["cencKeyDefault"],
    "Predefined_MultiDrmStreaming": ["cencKeyDefault", "cbcsKeyDefault"],
}
SECRETS = {"ask", "fairPlayPfx", "fairPlayPfxPassword", "keyValue", "modulus", "exponent", "rawBody"}
lock = threading.RLock()


class Refusal(Exception):
    def __init__(self, status, code, message):
        self.status, self.code, self.message = status, code, message


def new_state():
    return {
        "items": {kind: {} for kind in KINDS + CHILDREN}, "requests": {}, "effects": [], "tokens": {"good"},
        "issued": 0, "page": 3, "redaction": "absent", "flavour": "azure", "containers": {}, "gone": [],
        "redirect": None, "nextLink": None, "withhold": False, "tokenSeconds": 3600, "limit": 100, "operations": {},
        "seen": [], "pathsAfter": 0, "skipOnce": None, "total": None, "retention": {},
    }


state = new_state()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%07dZ" % (time.time_ns() // 100 % 10_000_000)


def trimmed(text):
    """Times come back without trailing zeros, the end of all times with milliseconds."""
    if text.startswith("9999-12-31T23:59:59"):
        return "9999-12-31T23:59:59.997Z"
    return re.sub(r"\.?0+Z$", "Z", text) if "." in text else text


def policy_labels(name):
    if name in LABELS:
        return LABELS[name]
    policy = state["items"]["streamingPolicies"].get((None, name))
    labels = []
    for encryption in ["envelopeEncryption", "commonEncryptionCenc", "commonEncryptionCbcs"]:
        keys = ((policy or {}).get("properties", {}).get(encryption) or {}).get("contentKeys") or {}
        for key in [keys.get("defaultKey")] + (keys.get("keyToTrackMappings") or []):
            if key and key.get("label"):
                labels.append(key["label"])
    return labels


def check_locator(name, properties, old):
    locators = state["items"]["streamingLocators"]
    if (None, properties["assetName"]) not in state["items"]["assets"]:
        raise Refusal(404, "NotFound", "The Asset was not found.")
    policy = properties["streamingPolicyName"]
    if policy not in PREDEFINED and (None, policy) not in state["items"]["streamingPolicies"]:
        raise Refusal(404, "NotFound", "The Streaming Policy was not found.")
    for filter in properties.get("filters") or []:
        if (properties["assetName"], filter) not in state["items"]["assetFilters"] and (
            None, filter) not in state["items"]["accountFilters"]:
            raise Refusal(404, "NotFound", "The filter was not found.")
    siblings = [one for one in locators.values() if one["properties"]["assetName"] == properties["assetName"]]
    if len(siblings) >= state["limit"]:
        raise Refusal(400, "BadRequest", "The maximum number of streaming locators of the asset is exceeded.")
    for other in locators.values():
        if other["properties"]["streamingLocatorId"] == properties["streamingLocatorId"]:
            raise Refusal(409, "Conflict", "The streaming locator id already exists.")
        for key in other["properties"]["contentKeys"]:
            for mine in properties["contentKeys"]:
                if key["id"] == mine["id"] and other["properties"]["assetName"] != properties["assetName"]:
                    raise Refusal(
                        400, "BadRequest", f"Content key id '{key['id']}' already exists, please choose another one.")


def write(kind, asset, name, body):
    items = state["items"][kind]
    old = items.get((asset, name))
    properties = {key: value for key, value in (body.get("properties") or {}).items()}
    if kind == "streamingEndpoints":
        # A PATCH leaves what it does not name, and takes out what it names as null.
        properties = {**(old["properties"] if old else {}), **properties}
        properties = {key: value for key, value in properties.items() if value is not None}
    if kind in CHILDREN and (None, asset) not in state["items"]["assets"]:
        raise Refusal(404, "NotFound", "The asset was not found.")
    if kind in ("streamingPolicies", "streamingLocators") and old:
        raise Refusal(409, "Conflict", "The resource already exists and cannot be changed.")
    if kind == "streamingLocators":
        properties["streamingLocatorId"] = (properties.get("streamingLocatorId") or str(uuid.uuid4())).lower()
        properties["endTime"] = properties.get("endTime") or "9999-12-31T23:59:59.9999999Z"
        for member in ("startTime", "endTime"):
            if properties.get(member):
                properties[member] = trimmed(properties[member])
        keys = [dict(key, id=key["id"].lower()) for key in properties.get("contentKeys") or []]
        if state["flavour"] == "mkio":
            for key in keys:
                if not key.get("type") or not key.get("policyName"):
                    raise Refusal(400, "BadRequest", "Each content key needs type and policyName.")
        elif any("type" in key or "policyName" in key for key in keys):
            raise Refusal(400, "BadRequest", "type and policyName of content keys are read-only.")
        for label in policy_labels(properties["streamingPolicyName"]):
            if not any(key.get("labelReferenceInStreamingPolicy") == label for key in keys):
                keys.append({
                    "id": str(uuid.uuid4()), "labelReferenceInStreamingPolicy": label,
                    "value": base64.b64encode(uuid.uuid4().bytes).decode()})
        keys.reverse()
        properties["contentKeys"] = keys
        properties.setdefault("alternativeMediaId", None)
        check_locator(name, properties, old)
    if kind == "streamingPolicies":
        for encryption in ["envelopeEncryption", "commonEncryptionCenc", "commonEncryptionCbcs"]:
            if properties.get(encryption):
                properties[encryption] = dict(properties[encryption])
                properties[encryption].setdefault("clearTracks", [])
                keys = dict(properties[encryption].get("contentKeys") or {})
                keys.setdefault("keyToTrackMappings", [])
                properties[encryption]["contentKeys"] = keys
            else:
                properties[encryption] = None
    if kind == "contentKeyPolicies":
        properties = copy.deepcopy(properties)
        properties["policyId"] = old["properties"]["policyId"] if old else str(uuid.uuid4())
        for option in properties.get("options") or []:
            option["policyOptionId"] = str(uuid.uuid4())
            restriction = option.get("restriction") or {}
            if "TokenRestriction" in restriction.get("@odata.type", ""):
                restriction.setdefault("requiredClaims", [])
                restriction.setdefault("alternateVerificationKeys", [])
                for key in [restriction.get("primaryVerificationKey")] + restriction["alternateVerificationKeys"]:
                    if key and key.get("rawBody"):
                        key["rawBody"] = der(key["rawBody"])
    if kind == "assets":
        properties["assetId"] = old["properties"]["assetId"] if old else str(uuid.uuid4())
        properties["container"] = properties.get("container") or (
            old["properties"]["container"] if old else "asset-" + properties["assetId"])
        properties["storageAccountName"] = properties.get("storageAccountName") or "mainstorage"
        properties["storageEncryptionFormat"] = "None"
        if old and old["properties"]["container"] != properties["container"]:
            raise Refusal(400, "BadRequest", "The container of an asset cannot be changed.")
        for key, other in state["items"]["assets"].items():
            if key != (asset, name) and other["properties"]["container"] == properties["container"]:
                raise Refusal(409, "Conflict", "Cannot insert duplicate key row with unique index Index_BlobStorageUri.")
        state["containers"][properties["container"]] = name
        if state["flavour"] == "mkio":
            state["retention"][name] = properties.get("containerDeletionPolicy", "Delete")
    if kind not in ("accountFilters", "assetFilters", "tracks"):
        properties["created"] = old["properties"]["created"] if old else now()
    if kind in ("assets", "contentKeyPolicies"):
        properties["lastModified"] = now()
    if kind == "tracks":
        properties["provisioningState"] = "Succeeded"
    document = {"name": name, "properties": properties}
    if kind == "streamingEndpoints":
        spelled = {"westus2": "West US 2"}
        document["location"] = spelled.get(body["location"], body["location"])
        document["tags"] = body.get("tags") or {}
        if old and (old["location"] != body["location"] or old["properties"]["scaleUnits"] != properties["scaleUnits"]):
            raise Refusal(
                400, "BadRequest", "Property 'StreamingEndpoint.Location' is read-only and cannot be changed.; "
                "Property 'StreamingEndpoint.Properties.ScaleUnits' is read-only and cannot be changed.")
        properties["hostName"] = f"{name}-a-usw2.streaming.example.net"
        properties["resourceState"] = old["properties"]["resourceState"] if old else "Stopped"
        properties["provisioningState"] = "Succeeded"
    if body.get("labels"):
        document["labels"] = body["labels"]
    items[(asset, name)] = document
    state["effects"].append(("change" if old else "create", kind, asset, name))
    status = 200 if old or kind == "contentKeyPolicies" else 201
    shown = show(kind, asset, document)
    if kind == "assets":
        shown["properties"].pop("container")
    return status, shown


def der(text):
    body = base64.b64decode(text)
    if not body.startswith(b"-----BEGIN"):
        return text
    lines = [line for line in body.decode().splitlines() if line and not line.startswith("-----")]
    return base64.b64encode(base64.b64decode("".join(lines))).decode()


def redact(value):
    if isinstance(value, list):
        return [redact(one) for one in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, member in value.items():
        if key in SECRETS:
            if state["redaction"] != "absent":
                result[key] = None if state["redaction"] == "null" else ""
        else:
            result[key] = redact(member)
    return result


def show(kind, asset, document, listed=False):
    properties = copy.deepcopy(document["properties"])
    if kind == "contentKeyPolicies":
        properties = redact(properties)
    if kind == "streamingLocators":
        # A list shows no keys at all, a single reading shows them without their values.
        properties["contentKeys"] = [] if listed else [
            {member: key[member] for member in key if member not in ("value", "policyName")}
            for key in properties["contentKeys"]]
    for member in ("created", "lastModified"):
        if member in properties:
            properties[member] = trimmed(properties[member][:23] + "Z")
    base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Media/mediaservices/a/"
    path = (f"assets/{asset}/" if asset else "") + f"{kind}/{document['name']}"
    shown = {
        "properties": dict(reversed(list(properties.items()))), "id": base + path,
        "name": document["name"], "type": "Microsoft.Media/mediaservices/" + kind,
    }
    for member in ("labels", "location", "tags"):
        if member in document:
            shown[member] = document[member]
    if state["flavour"] == "mkio":
        shown["supplemental"] = {}
    return shown


def fill(locators, keys):
    """Makes many locators of one asset at once, whatever the limits; the first ones have keys."""
    write("assets", None, "film", {"properties": {"container": "film"}})
    for number in range(locators):
        has_key = number < keys
        state["items"]["streamingLocators"][(None, f"locator {number:06}")] = {
            "name": f"locator {number:06}", "properties": {
                "assetName": "film", "created": now(), "endTime": "9999-12-31T23:59:59.9999999Z",
                "streamingLocatorId": f"b0000000-0000-0000-0000-{number:012}",
                "streamingPolicyName": "Predefined_ClearKey" if has_key else "Predefined_ClearStreamingOnly",
                "contentKeys": [{
                    "id": f"a0000000-0000-0000-0000-{number:012}", "labelReferenceInStreamingPolicy": "clearKeyDefault",
                    "value": base64.b64encode(number.to_bytes(16, "big")).decode()}] if has_key else []}}


def delete(kind, asset, name):
    items = state["items"][kind]
    document = items.get((asset, name))
    if document is None:
        return 204
    if kind == "streamingEndpoints" and document["properties"]["resourceState"] != "Stopped":
        raise Refusal(409, "Conflict", "A streaming endpoint must be stopped before it is deleted.")
    locators = state["items"]["streamingLocators"].values()
    if kind == "contentKeyPolicies" and any(
        one["properties"].get("defaultContentKeyPolicyName") == name for one in locators):
        raise Refusal(409, "Conflict", "The content key policy is used by a streaming locator.")
    if kind == "streamingPolicies" and any(one["properties"]["streamingPolicyName"] == name for one in locators):
        raise Refusal(409, "Conflict", "The streaming policy is used by a streaming locator.")
    if kind == "assets":
        container = document["properties"]["container"]
        state["containers"].pop(container, None)
        if state["retention"].get(name) != "Retain":
            state["gone"].append(container)
        for child in CHILDREN:
            for key in [key for key in state["items"][child] if key[0] == name]:
                del state["items"][child][key]
    del items[(asset, name)]
    state["effects"].append(("delete", kind, asset, name))
    return 200


def billing(method, kind, action):
    if method == "GET":
        return "reads"
    if action:
        return "writes"
    if kind in ("assets", "streamingLocators"):
        return "resource-requests"
    return "writes" if method in ("PUT", "PATCH") else "deletes"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, status, document=None, headers={}):
        body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("x-ms-request-id", "11112222-request")
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        with lock:
            try:
                self.route(url, body)
            except Refusal as refusal:
                self.answer(refusal.status, {"error": {"code": refusal.code, "message": refusal.message}})

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = handle_any

    def control(self, body):
        global state
        if self.command == "GET":
            shown = {key: state[key] for key in ("requests", "effects", "gone", "issued", "seen")}
            shown["items"] = {
                kind: {"/".join(filter(None, key)): one for key, one in items.items()}
                for kind, items in state["items"].items()}
            return self.answer(200, shown)
        change = json.loads(body)
        if change.pop("reset", False):
            state = new_state()
        if change.pop("forget", False):
            state["requests"], state["effects"], state["seen"] = {}, [], []
        if "tokens" in change:
            change["tokens"] = set(change["tokens"])
        for one in change.pop("make", []):
            write(one["kind"], one.get("asset"), one["name"], one["body"])
        for one in change.pop("remove", []):
            delete(one["kind"], one.get("asset"), one["name"])
        if "fill" in change:
            fill(**change.pop("fill"))
        for one in change.pop("set", []):
            state["items"][one["kind"]][(one.get("asset"), one["name"])]["properties"].update(one["properties"])
        state.update(change)
        self.answer(200, {})

    def token(self, body):
        state["issued"] += 1
        token = f"issued{state['issued']}"
        state["tokens"] = {token}
        if self.path.endswith("/auth/token"):
            if json.loads(body).get("apiKey") != "opensesame":
                raise Refusal(401, "Unauthorized", "The key is wrong.")
            return self.answer(200, token.encode())
        form = urllib.parse.parse_qs(body.decode())
        if form.get("client_secret") != ["opensesame"]:
            return self.answer(401, {"error": "invalid_client", "error_description": "The secret is wrong."})
        self.answer(200, {"access_token": token, "expires_in": state["tokenSeconds"], "token_type": "Bearer"})

    def route(self, url, body):
        if url.path == "/_control":
            return self.control(body)
        if url.path.endswith("/token"):
            return self.token(body)
        if state["redirect"]:
            return self.answer(307, None, {"Location": state["redirect"]})
        token = self.headers.get("x-mkio-token") or (self.headers.get("Authorization") or " ").split(" ")[-1]
        if token not in state["tokens"]:
            raise Refusal(401, "AuthenticationFailed", "The access token has expired.")
        state["seen"].append(self.command + " " + self.path)
        parts = [urllib.parse.unquote(part) for part in url.path.split("/")]
        start = next(index for index, part in enumerate(parts) if part in KINDS + ["operationStatuses"])
        parts = parts[start:]
        if parts[0] == "operationStatuses":
            left = state["operations"][parts[1]]
            state["operations"][parts[1]] = left - 1
            return self.answer(200, {
                "name": parts[1], "status": "InProgress" if left > 0 else "Succeeded",
                "error": {"code": "None", "message": None, "target": None}})
        asset = None
        if len(parts) >= 3 and parts[0] == "assets" and parts[2] in CHILDREN:
            asset, parts = parts[1], parts[2:]
        kind, name = parts[0], parts[1] if len(parts) > 1 else None
        action = parts[2] if len(parts) > 2 else None
        sort = billing(self.command, kind, action)
        state["requests"][sort] = state["requests"].get(sort, 0) + 1
        items = state["items"][kind]
        if self.command == "GET" and name is None:
            return self.list(kind, asset, urllib.parse.parse_qs(url.query))
        if self.command in ("PUT", "PATCH"):
            if kind == "streamingEndpoints" and (self.command == "PATCH") != ((asset, name) in items):
                raise Refusal(409, "Conflict", "A streaming endpoint is made by PUT and changed by PATCH.")
            status, document = write(kind, asset, name, json.loads(body))
            if kind in ("tracks", "streamingEndpoints"):
                return self.answer(202, document, self.begin())
            return self.answer(status, document)
        if self.command == "DELETE":
            return self.answer(delete(kind, asset, name))
        document = items.get((asset, name))
        if document is None:
            raise Refusal(404, "NotFound", "The requested resource was not found.")
        if self.command == "GET":
            return self.answer(200, show(kind, asset, document))
        properties = document["properties"]
        if kind == "streamingEndpoints" and action in ("scale", "start", "stop"):
            state["effects"].append((action, kind, asset, name))
            if action == "scale":
                properties["scaleUnits"] = json.loads(body)["scaleUnit"]
            else:
                properties["resourceState"] = {"start": "Running", "stop": "Stopped"}[action]
            return self.answer(202, None, self.begin())
        if action == "getPolicyPropertiesWithSecrets":
            return self.answer(200, redact(properties) if state["withhold"] else properties)
        if action == "listContentKeys":
            return self.answer(200, {"contentKeys": [
                dict(key, type="CommonEncryptionCenc", policyName=properties.get("defaultContentKeyPolicyName"), tracks=[],
                     value=None if state["withhold"] else key["value"])
                for key in properties["contentKeys"]]})
        if action == "listPaths":
            state["pathsAfter"] -= 1
            paths = [f"/{properties['streamingLocatorId']}/film.ism/manifest"] if state["pathsAfter"] < 0 else []
            return self.answer(200, {
                "streamingPaths": [{"streamingProtocol": "Hls", "encryptionScheme": "NoEncryption", "paths": paths}],
                "downloadPaths": []})
        if action == "listStreamingLocators":
            return self.answer(200, {"streamingLocators": [
                {"name": one["name"], "assetName": name} for one in state["items"]["streamingLocators"].values()
                if one["properties"]["assetName"] == name]})
        raise Refusal(400, "BadRequest", "There is no such action.")

    def begin(self):
        """Begins a long operation, and says where it is looked after."""
        operation = str(uuid.uuid4())
        state["operations"][operation] = 1
        return {"Azure-AsyncOperation": f"http://{self.headers['Host']}/operationStatuses/{operation}"}

    def list(self, kind, asset, query):
        names = sorted(key[1] for key in state["items"][kind] if key[0] == asset)
        everything = [show(kind, asset, state["items"][kind][(asset, name)], listed=True) for name in names]
        if kind == "streamingPolicies":
            everything = [
                {"name": name, "properties": {"created": "2018-03-19T06:06:06Z"}} for name in PREDEFINED] + everything
        if state["skipOnce"] and state["skipOnce"][0] == kind:
            everything = [one for one in everything if one["name"] != state["skipOnce"][1]]
            state["skipOnce"] = None
        token = query.get("$skiptoken", ["Start+0"])[0]
        start = int(token.replace("+", " ").split(" ")[-1])
        page = {"value": everything[start:start + state["page"]]}
        if state["total"] is not None:
            page["supplemental"] = {"pagination": {"start": 0, "end": 0, "records": 0, "total": state["total"]}}
        if start + state["page"] < len(everything):
            path = self.path.split("?")[0]
            version = "".join(f"api-version={value}&" for value in query.get("api-version", []))
            link = f"{path}?{version}$skiptoken=Next%2B{start + state['page']}"
            if state["flavour"] == "mkio":
                link = urllib.parse.quote(link, safe="/")
            else:
                link = f"http://{self.headers['Host']}{link}"
            page["@odata.nextLink"] = state["nextLink"] or link
        self.answer(200, page)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
