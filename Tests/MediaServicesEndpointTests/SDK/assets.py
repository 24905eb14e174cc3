"""Assets through the official SDK."""

import re
import uuid

from common import HERE, client, path, raw, refused

media = client()
assets = media.assets

# Creation: 201, the response without the container, which a GET has.
made = assets.create_or_update(*HERE, "first", {"properties": {"description": "one", "alternateId": "alt"}})
assert made.name == "first" and made.type == "Microsoft.Media/mediaservices/assets", made
assert made.container is None and made.storage_account_name == "eaststorage", made
assert str(made.storage_encryption_format) == "None", made
uuid.UUID(made.asset_id)
assert made.id.endswith("/mediaservices/east/assets/first"), made.id
assert made.system_data.created_by == "lockstep-serve" and made.system_data.created_at, made
got = assets.get(*HERE, "first")
assert got.container == f"asset-{made.asset_id}", got
assert (got.description, got.alternate_id) == ("one", "alt")
assert got.created == made.created and got.created == got.last_modified, got

# PUT replaces; what an asset was made with stays.
again = assets.create_or_update(*HERE, "first", {"properties": {"description": "two"}})
got = assets.get(*HERE, "first")
assert (got.description, got.alternate_id, got.asset_id) == ("two", None, made.asset_id), got
assert got.created == made.created and got.last_modified >= made.last_modified
assert got.container == f"asset-{made.asset_id}"
refused(400, assets.create_or_update, *HERE, "first", {"properties": {"container": "other"}},
        code="InvalidPropertyValue", says="cannot be changed")
refused(400, assets.update, *HERE, "first", {"properties": {"storageAccountName": "other"}}, says="cannot be changed")

# PATCH changes what it names.
patched = assets.update(*HERE, "first", {"properties": {"alternateId": "new"}})
assert (patched.description, patched.alternate_id, patched.container) == ("two", "new", got.container), patched
status, _, body = raw("PATCH", path("assets", "first"), {"properties": {"description": None}})
assert status == 200 and "description" not in body["properties"], body

# A container of one's own, once.
assets.create_or_update(*HERE, "own", {"properties": {"container": "films", "storageAccountName": "eaststorage"}})
assert assets.get(*HERE, "own").container == "films"
refused(409, assets.create_or_update, *HERE, "thief", {"properties": {"container": "films"}}, says="films")
refused(404, assets.get, *HERE, "thief", code="NotFound")
refused(400, assets.create_or_update, *HERE, "elsewhere", {"properties": {"storageAccountName": "nobodys"}},
        says="not attached")

# Names that a file could not have.
names = ["with space", "Größe 日本語", "a#b|c\"d", "UPPER", "upper", "e\u0301", "\u00e9", "-", "con", "x" * 260, "100$ ~(1)"]
for name in names:
    assets.create_or_update(*HERE, name, {"properties": {"description": name[:20]}})
for name in names:
    assert assets.get(*HERE, name).name == name, name
listed = [asset.name for asset in assets.list(*HERE)]
assert set(names) <= set(listed) and listed == sorted(listed, key=lambda name: name.encode()), listed
for name in ["a%b", "a/b", "a<b", "a'b", "a.b", "y" * 261, "tab\tname"]:
    status, _, body = raw("PUT", path("assets", name), {})
    assert status == 400 and body["error"]["code"] == "InvalidPropertyValue", (name, status, body)

# Actions.
assert assets.list_streaming_locators(*HERE, "first").streaming_locators == []
refused(400, assets.get_encryption_key, *HERE, "first", says="not storage encrypted")
refused(404, assets.get_encryption_key, *HERE, "nothing", code="NotFound")

# Deletion: 200, then 204, then 404 to a look.
assert raw("DELETE", path("assets", "own"))[0] == 200
assert raw("DELETE", path("assets", "own"))[0] == 204
refused(404, assets.get, *HERE, "own")
assets.delete(*HERE, "with space")
refused(404, assets.update, *HERE, "own", {"properties": {"description": "x"}})

# What the service sets is not taken from a request.
status, _, body = raw("PUT", path("assets", "set"), {
    "name": "other", "properties": {"assetId": str(uuid.uuid4()), "created": "2001-01-01T00:00:00Z", "DESCRIPTION": "x"}})
assert status == 201 and body["name"] == "set" and body["properties"]["created"] > "2020", body
assert body["properties"]["description"] == "x", body
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", body["properties"]["created"]), body
print("ok")
