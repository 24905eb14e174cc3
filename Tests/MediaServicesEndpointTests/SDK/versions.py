"""What the SDK cannot show: api-versions, case of paths, headers, errors of requests that are none."""

from common import ACCOUNT, GROUP, SUBSCRIPTION, path, raw

old, middle, new = "2018-07-01", "2020-05-01", "2022-08-01"
key = {"@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey", "keyValue": "AAAA"}
policy = {"properties": {"options": [{
    "configuration": {"@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"},
    "restriction": {
        "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "issuer": "i", "audience": "a",
        "restrictionTokenType": "Jwt", "primaryVerificationKey": key}}]}}

# Redaction: absent, then null. Creation: 200 in 2018.
status, headers, body = raw("PUT", path("contentKeyPolicies", "p"), policy, old)
assert status == 200, status
assert headers["content-type"] == "application/json; odata.metadata=minimal" and headers["odata-version"] == "4.0"
for version, shown in [(old, False), (middle, True), (new, True)]:
    body = raw("GET", path("contentKeyPolicies", "p"), version=version)[2]
    kept = body["properties"]["options"][0]["restriction"]["primaryVerificationKey"]
    assert ("keyValue" in kept) == shown and kept.get("keyValue") is None, (version, kept)
    assert ("systemData" in body) == (version == new), (version, body)
    status, _, secret = raw("POST", path("contentKeyPolicies", "p", "getPolicyPropertiesWithSecrets"), version=version)
    assert "name" not in secret and secret["policyId"] == body["properties"]["policyId"], secret
    assert secret["options"][0]["restriction"]["primaryVerificationKey"]["keyValue"] == "AAAA"
assert raw("PUT", path("contentKeyPolicies", "q"), policy, new)[0] == 201

# Locators: filters absent, then []; keys without values; times with seven digits, then three.
raw("PUT", path("assets", "a"), {}, old)
locator = {"properties": {"assetName": "a", "streamingPolicyName": "Predefined_MultiDrmStreaming", "contentKeys": [
    {"id": f"00000000-0000-0000-0000-00000000000{index}", "labelReferenceInStreamingPolicy": label}
    for index, label in enumerate(["cbcsKeyDefault", "cencKeyDefault"])]}}
status, _, made = raw("PUT", path("streamingLocators", "l"), locator, old)
assert status == 201 and "filters" not in made["properties"], made
labels = {}
for version in [old, new, "2023-01-01"]:
    body = raw("GET", path("streamingLocators", "l"), version=version)[2]["properties"]
    labels[version] = [key["labelReferenceInStreamingPolicy"] for key in body["contentKeys"]]
    assert ("filters" in body) == (version != old), (version, body)
    assert all(("value" in key) == (version != old) for key in body["contentKeys"]), body
    assert all(key.get("value") is None and key["type"] and key["tracks"] == [] for key in body["contentKeys"]), body
    assert len(body["created"]) <= len("2026-11-27T00:00:00.000Z"), body
assert labels == {old: ["cbcsKeyDefault", "cencKeyDefault"], new: ["cencKeyDefault", "cbcsKeyDefault"],
                  "2023-01-01": ["cbcsKeyDefault", "cencKeyDefault"]}, labels

# Paths in any case; what they name keeps its own.
lower = f"/SUBSCRIPTIONS/{SUBSCRIPTION}/resourcegroups/{GROUP.upper()}/Providers/microsoft.media/MEDIASERVICES/{ACCOUNT.upper()}"
status, _, body = raw("GET", f"{lower}/ASSETS/a")
assert status == 200 and body["id"] == (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Media/mediaservices/{ACCOUNT}/assets/a"), body
assert raw("GET", f"{lower}/assets/A")[0] == 404
assert raw("POST", f"{lower}/StreamingLocators/l/LISTCONTENTKEYS")[0] == 200

# Requests that are none.
for version, code in [(None, "MissingApiVersionParameter"), ("latest", "InvalidApiVersionParameter"),
                      ("2015-10-01", "InvalidApiVersionParameter")]:
    status, _, body = raw("GET", path("assets"), version=version)
    assert status == 400 and body["error"]["code"] == code, (version, body)
for content in [b"{", b"[]", b'{"a":1,"a":2}', b"\xff", b"7"]:
    status, _, body = raw("PUT", path("assets", "x"), content)
    assert status == 400 and body["error"]["code"] == "InvalidRequestContent", (content, status, body)
status, _, body = raw("PUT", path("assets", "x"), b'{"properties": "' + b"x" * (5 << 20) + b'"}')
assert status == 413 and body["error"]["code"] == "RequestContentTooLarge", (status, body)
status, _, body = raw("PUT", path("assets", "x"), {"properties": {"alternateId": 7, "description": []}})
assert status == 400 and len(body["error"]["details"]) == 2, body
for method, target, expected in [
    ("GET", path("nonsense"), 404), ("POST", path("assets"), 405), ("PUT", path("assets"), 405),
    ("GET", path("assets", "a", "nonsense"), 404), ("GET", path("assets", "a", "listStreamingLocators"), 405),
    ("GET", "/subscriptions", 404), ("GET", path("assets", "a") + "%zz", 400),
]:
    status, _, body = raw(method, target)
    assert status == expected, (method, target, status, body)
print("ok")
