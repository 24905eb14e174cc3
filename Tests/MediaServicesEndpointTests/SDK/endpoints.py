"""Streaming endpoints and their long-running operations through the official SDK."""

import time

from common import HERE, client, path, raw, refused

media = client()
endpoints = media.streaming_endpoints
assert [endpoint.name for endpoint in endpoints.list(*HERE)] == ["default"]
default = endpoints.get(*HERE, "default")
assert default.resource_state == "Stopped" and default.provisioning_state == "Succeeded", default
assert default.location == "West US 2" and default.host_name, default
endpoints.begin_start(*HERE, "default").result()
assert endpoints.get(*HERE, "default").resource_state == "Running"

body = {"location": "westus2", "tags": {"a": "b"}, "properties": {
    "description": "d", "scaleUnits": 1, "availabilitySetName": "set", "maxCacheAge": 11, "cdnEnabled": False,
    "crossSiteAccessPolicies": {"clientAccessPolicy": "<a>\n</a>"}}}
made = endpoints.begin_create(*HERE, "second", body).result()
assert made.location == "West US 2" and made.tags == {"a": "b"} and made.max_cache_age == 11, made
assert made.availability_set_name is None, "it is taken and not shown"
assert made.cross_site_access_policies.client_access_policy == "<a>\r\n</a>", "line ends are CR and LF"
assert made.resource_state == "Stopped" and made.sku.name == "Premium", made
refused(400, endpoints.begin_create, *HERE, "third", body, code="QuotaExceeded")
refused(400, endpoints.begin_create, *HERE, "under_score", body, code="InvalidPropertyValue")
refused(400, endpoints.begin_create, *HERE, "noplace", {"properties": {"scaleUnits": 1}}, says="location")

# Location and scale units are read-only; scale has an operation of its own.
changed = {**body, "properties": {**body["properties"], "scaleUnits": 3}}
refused(400, endpoints.begin_update, *HERE, "second", changed, says="ScaleUnits' is read-only")
refused(400, endpoints.begin_update, *HERE, "second", {**body, "location": "East US"}, says="Location' is read-only")
endpoints.begin_update(*HERE, "second", {**body, "properties": {**body["properties"], "description": "new"}}).result()
assert endpoints.get(*HERE, "second").description == "new"
endpoints.begin_scale(*HERE, "second", {"scaleUnit": 2}).result()
assert endpoints.get(*HERE, "second").scale_units == 2
assert [sku.sku.name for sku in endpoints.skus(*HERE, "second").value] == ["Standard", "Premium"]

# One operation at a time, its states, and an error object on success.
status, headers, _ = raw("POST", path("streamingEndpoints", "second", "start"))
assert status == 202 and headers["azure-asyncoperation"] and headers["location"], (status, headers)
assert raw("GET", path("streamingEndpoints", "second"))[2]["properties"]["resourceState"] == "Starting"
status, _, error = raw("POST", path("streamingEndpoints", "second", "stop"))
assert status == 409 and error["error"] == {
    "code": "OperationInProgress", "message": "There is another operation already in progress on the Origin."}, error
id = headers["azure-asyncoperation"].split("/streamingendpointoperations/")[1].split("?")[0]
while True:
    operation = endpoints.async_operation(*HERE, id)
    if operation.status == "Succeeded":
        break
    assert operation.status == "InProgress"
    time.sleep(0.02)
assert operation.name == id and operation.error.code == "None" and operation.error.target, operation
assert endpoints.operation_location(*HERE, "second", id).resource_state == "Running"
refused(404, endpoints.async_operation, *HERE, "11111111-1111-1111-1111-111111111111")

refused(400, endpoints.begin_delete, *HERE, "second", says="Stop it")
endpoints.begin_stop(*HERE, "second").result()
endpoints.begin_delete(*HERE, "second").result()
refused(404, endpoints.get, *HERE, "second", code="NotFound")
endpoints.begin_delete(*HERE, "second").result()
refused(404, endpoints.begin_start, *HERE, "second")
refused(400, endpoints.begin_delete, *HERE, "default", says="belongs to the account")
made = endpoints.begin_create(*HERE, "auto", body, auto_start=True).result()
assert made.resource_state == "Running", made

# As the real service answered in 2018.
status, headers, shown = raw("PUT", path("streamingEndpoints", "auto"), body, version="2018-07-01")
assert status == 202 and headers["location"] == headers["azure-asyncoperation"], (status, headers)
assert "/streamingendpointoperations/" in headers["location"]
assert shown["properties"]["accessControl"] == {"akamai": None, "ip": None}, shown
assert shown["properties"]["availabilitySetName"] == "set" and shown["properties"]["provisioningState"] == "InProgress"
print("ok")
