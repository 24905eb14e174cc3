"""The account itself, locations and operations through the official SDK."""

from azure.mgmt.media.models import CheckNameAvailabilityInput, ListEdgePoliciesInput, SyncStorageKeysInput
from common import ACCOUNT, GROUP, HERE, SUBSCRIPTION, client, path, raw, refused

media = client()
got = media.mediaservices.get(*HERE)
assert got.name == ACCOUNT and got.location == "West US 2" and got.media_service_id, got
assert [(account.id.split("/")[-1], account.type) for account in got.storage_accounts] == [("eaststorage", "Primary")]
assert [account.name for account in media.mediaservices.list(GROUP)] == [ACCOUNT]
assert [account.name for account in media.mediaservices.list_by_subscription()] == [ACCOUNT]
media.mediaservices.sync_storage_keys(*HERE, SyncStorageKeysInput(id=got.storage_accounts[0].id))
assert media.mediaservices.list_edge_policies(*HERE, ListEdgePoliciesInput(device_id="d")) is not None

# A script that makes sure of its account finds it; what the account is does not change, and the answer says by what it does.
wanted = {"location": "westus2", "properties": {
    "storageAccounts": [{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/eaststorage",
                         "type": "Primary"}], "storageAuthentication": "System"}}
same = media.mediaservices.begin_create_or_update(*HERE, wanted).result()
assert same.media_service_id == got.media_service_id and same.provisioning_state == "Succeeded", same
assert media.mediaservices.begin_update(*HERE, {"tags": {}}).result() == same
assert media.mediaservices.begin_update(*HERE, got).result() == same
refused(400, media.mediaservices.begin_create_or_update, *HERE, {"location": "East US"}, says="--location")
refused(400, media.mediaservices.begin_update, *HERE, {"tags": {"a": "b"}}, says="no 'tags'")
more = {"properties": {"storageAccounts": [{"id": "/x/other", "type": "Primary"}], "publicNetworkAccess": "Disabled"}}
error = refused(400, media.mediaservices.begin_update, *HERE, more, says="local/region.json")
assert "'publicNetworkAccess' cannot be chosen" in error["message"], error
refused(400, media.mediaservices.delete, *HERE, says="folder account")
assert raw("PATCH", path().replace("/resourceGroups/" + GROUP, ""), {})[0] == 405

check = media.locations.check_name_availability
assert check("westus2", CheckNameAvailabilityInput(name="another1")).name_available
taken = check("westus2", CheckNameAvailabilityInput(name=ACCOUNT))
assert not taken.name_available and taken.reason == "AlreadyExists", taken
assert check("westus2", CheckNameAvailabilityInput(name="No!")).reason == "Invalid"
names = [operation.name for operation in media.operations.list().value]
assert "Microsoft.Media/mediaservices/streamingLocators/write" in names, names
assert media.private_link_resources.list(*HERE).value == []
assert media.private_endpoint_connections.list(*HERE).value == []

# Another account, group, or subscription is not here.
refused(404, media.mediaservices.get, GROUP, "west", code="ResourceNotFound", says="west")
refused(404, media.assets.list, GROUP, "west", code="ResourceNotFound")
refused(404, media.assets.list, "other", ACCOUNT, code="ResourceGroupNotFound")
status, _, body = raw("GET", path("assets").replace(SUBSCRIPTION, "11111111-0000-0000-0000-000000000000"))
assert status == 404 and body["error"]["code"] == "SubscriptionNotFound", body

# What a region of video on demand has not.
for call in [media.live_events.list, media.transforms.list]:
    refused(404, call, *HERE, says="no live events, transforms or jobs")
refused(404, media.jobs.list, *HERE, "transform")
refused(404, media.media_services_operation_statuses.get, "westus2", "11111111-1111-1111-1111-111111111111")
print("ok")
