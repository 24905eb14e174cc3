"""$filter, $orderby, $top and paging: the endpoint was started with three resources a page."""

import time

from azure.mgmt.media.models import (
    ContentKeyPolicy,
    ContentKeyPolicyClearKeyConfiguration,
    ContentKeyPolicyOpenRestriction,
    ContentKeyPolicyOption,
)
from common import HERE, client, path, raw, refused

media = client()
names = [f"asset {index:02}" for index in range(10)]
for index, name in enumerate(reversed(names)):
    media.assets.create_or_update(*HERE, name, {"properties": {"alternateId": f"id{index % 2}", "description": "it's"}})
    time.sleep(0.005)


def listed(**options):
    return [asset.name for asset in media.assets.list(*HERE, **options)]


assert listed() == names, listed()
assert listed(orderby="name desc") == names[::-1]
assert listed(orderby="properties/created") == names[::-1]
assert listed(orderby="properties/created desc") == names
assert listed(top=4) == names[:4] and listed(top=3) == names[:3] and listed(top=100) == names
assert listed(filter="name eq 'asset 03'") == ["asset 03"]
assert listed(filter="name gt 'asset 03' and name le 'asset 05'") == ["asset 04", "asset 05"]
assert listed(filter="properties/alternateId eq 'id1'") == names[0::2], listed(filter="properties/alternateId eq 'id1'")
assert listed(filter="properties/alternateId eq 'id1'", top=4, orderby="name desc") == names[0::2][::-1][:4]
third = media.assets.get(*HERE, "asset 03")
assert listed(filter=f"properties/assetId eq {third.asset_id}") == ["asset 03"]
assert listed(filter=f"properties/assetId eq '{third.asset_id}'") == ["asset 03"]
assert listed(filter=f"properties/assetId eq {str(third.asset_id).upper()}") == ["asset 03"]
created = raw("GET", path("assets", "asset 03"))[2]["systemData"]["createdAt"]
assert listed(filter=f"properties/created lt {created}", orderby="properties/created") == names[:3:-1]
assert listed(filter=f"properties.created gt {created}") == names[:3]
assert listed(filter=f"properties/created eq {created}") == ["asset 03"]

# Pages: a link as long as there is more, with the options carried along; a page at its end has none.
status, _, body = raw("GET", path("assets"), query="$orderby=name%20desc")
assert [asset["name"] for asset in body["value"]] == names[:-4:-1], body
assert "$skiptoken=" in body["@odata.nextLink"] and "$orderby=" in body["@odata.nextLink"], body
pages = list(media.assets.list(*HERE).by_page())
assert len(pages) == 4
status, _, body = raw("GET", path("assets"), query="$top=3")
assert "@odata.nextLink" not in body, body
# What comes and goes meanwhile shows: there is no snapshot.
pages = media.assets.list(*HERE).by_page()
first = [asset.name for asset in next(pages)]
media.assets.delete(*HERE, "asset 00")
media.assets.delete(*HERE, "asset 04")
media.assets.create_or_update(*HERE, "asset 05 and more", {"properties": {}})
rest = [asset.name for page in pages for asset in page]
assert first + rest == names[:4] + ["asset 05", "asset 05 and more"] + names[6:], (first, rest)

# What the table of the service does not have is refused.
for option in [
    {"filter": "properties/description eq 'x'"}, {"filter": "name ne 'x'"}, {"filter": "name eq x"}, {"filter": "name"},
    {"filter": "name eq 'x' or name eq 'y'"}, {"filter": "name eq 'x"}, {"filter": "properties/created eq 'soon'"},
    {"filter": "properties/alternateId gt 'x'"}, {"orderby": "properties/alternateId"}, {"orderby": "name up"}, {"top": 0},
]:
    error = refused(400, media.assets.list, *HERE, **option)
    assert error["target"] == "$" + next(iter(option)), error
assert raw("GET", path("assets"), query="$skiptoken=nonsense")[0] == 400
assert raw("GET", path("assets"), query="$skip=1")[0] == 400
assert raw("GET", path("assets"), query="$expand=all")[0] == 400

# The other kinds with options.
option = ContentKeyPolicyOption(
    configuration=ContentKeyPolicyClearKeyConfiguration(), restriction=ContentKeyPolicyOpenRestriction())
for name in ["p1", "p2", "p3", "p4"]:
    media.content_key_policies.create_or_update(
        *HERE, name, ContentKeyPolicy(description=f"of {name}", options=[option]))
    time.sleep(0.005)
    media.assets.create_or_update(*HERE, name, {"properties": {}})
    media.streaming_locators.create(*HERE, name, {"properties": {
        "assetName": name, "streamingPolicyName": "Predefined_ClearStreamingOnly",
        "endTime": f"203{name[1]}-01-01T00:00:00Z"}})


def names_of(operations, **options):
    return [item.name for item in operations.list(*HERE, **options)]


policies, locators = media.content_key_policies, media.streaming_locators
assert names_of(policies) == ["p1", "p2", "p3", "p4"]
assert names_of(policies, filter="properties/description ne 'of p2'") == ["p1", "p3", "p4"]
second = policies.get(*HERE, "p2")
assert names_of(policies, filter=f"properties/policyId eq {second.policy_id}") == ["p2"]
policies.update(*HERE, "p1", ContentKeyPolicy(description="changed", options=[option]))
assert names_of(policies, orderby="properties/lastModified desc") == ["p1", "p4", "p3", "p2"]
assert names_of(locators, filter="properties/endTime ge 2032-01-01T00:00:00Z and properties/endTime lt 2034-01-01T00:00:00Z") == ["p2", "p3"]
assert names_of(locators, orderby="properties/endTime desc", top=2) == ["p4", "p3"]
refused(400, locators.list, *HERE, filter="properties/assetName eq 'p1'")
refused(400, locators.list, *HERE, filter="properties/streamingLocatorId eq 'p1'")
assert len(names_of(media.streaming_policies, filter="name ge 'Predefined_D'")) == 4
assert names_of(media.streaming_policies, filter="name lt 'Predefined_D'", top=1) == ["Predefined_ClearKey"]
print("ok")
