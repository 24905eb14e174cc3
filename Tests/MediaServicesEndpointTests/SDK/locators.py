"""Streaming locators through the official SDK: keys, references, paths, immutability."""

import base64
import os
import uuid

from common import HERE, client, path, raw, refused

media = client()
locators = media.streaming_locators
ACCOUNT_FOLDER = os.environ["LOCKSTEP_ACCOUNT_FOLDER"]


def put_files(asset, files):
    """Encodes, as far as this test is concerned: the files appear in the asset's container."""
    got = media.assets.get(*HERE, asset)
    folder = f"{ACCOUNT_FOLDER}/storage/{got.storage_account_name}/{got.container}"
    for name, text in files.items():
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)


master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/index.m3u8\n'
low = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n0.ts\n#EXT-X-ENDLIST\n"
media.assets.create_or_update(*HERE, "film", {"properties": {}})
put_files("film", {"main.m3u8": master, "low/index.m3u8": low, "low/0.ts": "media", "a b.mpd": "<MPD/>"})

# Clear: an id is made, paths are those that are published.
made = locators.create(*HERE, "clear", {"properties": {
    "assetName": "film", "streamingPolicyName": "Predefined_DownloadAndClearStreaming",
    "startTime": "2018-03-29T10:00:00.000Z"}})
uuid.UUID(str(made.streaming_locator_id))
assert made.content_keys == [] and made.filters == [] and made.end_time.year == 9999, made
status, _, body = raw("GET", path("streamingLocators", "clear"))
assert body["properties"]["startTime"] == "2018-03-29T10:00:00Z", body
assert body["properties"]["endTime"] == "9999-12-31T23:59:59.9999999Z", body
paths = locators.list_paths(*HERE, "clear")
found = {(path.streaming_protocol, path.encryption_scheme): path.paths for path in paths.streaming_paths}
id = str(made.streaming_locator_id)
assert found == {
    ("Hls", "NoEncryption"): [f"/{id}/main.m3u8"], ("Dash", "NoEncryption"): [f"/{id}/a%20b.mpd"],
    ("SmoothStreaming", "NoEncryption"): []}, found
assert paths.download_paths == [f"/{id}/a%20b.mpd", f"/{id}/low/0.ts", f"/{id}/low/index.m3u8", f"/{id}/main.m3u8"]
assert os.path.exists(f"{ACCOUNT_FOLDER}/published/{id}/main.m3u8"), "it is not served"
assert locators.list_content_keys(*HERE, "clear").content_keys == []

# Never changed; deleted and made anew with the same id.
again = {"properties": {"assetName": "film", "streamingPolicyName": "Predefined_ClearStreamingOnly",
                        "streamingLocatorId": id.upper()}}
refused(409, locators.create, *HERE, "clear", again, code="Conflict", says="cannot be updated")
refused(409, locators.create, *HERE, "rival", again, says="same locator id")
assert raw("PATCH", path("streamingLocators", "clear"), again)[0] == 405
locators.delete(*HERE, "clear")
assert not os.path.exists(f"{ACCOUNT_FOLDER}/published/{id}"), "it is still served"
assert str(locators.create(*HERE, "clear", again).streaming_locator_id) == id, "GUIDs come back in lower case"

# A key that no AES-128 player could use is refused.
short = {"properties": {"assetName": "film", "streamingPolicyName": "Predefined_ClearKey", "contentKeys": [
    {"id": str(uuid.uuid4()), "labelReferenceInStreamingPolicy": "clearKeyDefault", "value": "c2hvcnQ="}]}}
refused(400, locators.create, *HERE, "short", short, code="InvalidPropertyValue", says="16 bytes")
assert raw("GET", path("streamingLocators", "short"))[0] == 404

# Media that nobody could check is refused in the caller's words, and without a path of this machine.
clear = {"properties": {"assetName": "film", "streamingPolicyName": "Predefined_ClearKey"}}
status, _, body = raw("PUT", path("streamingLocators", "unchecked"), clear)
assert status == 400, body
assert ACCOUNT_FOLDER not in str(body) and "--streaming-policy" not in str(body), body
assert "without encryption" in str(body), body

# What it names must be there.
def wanted(**more):
    return {"properties": {"assetName": "empty", "streamingPolicyName": "Predefined_MultiDrmStreaming", **more}}


media.assets.create_or_update(*HERE, "empty", {"properties": {}})
refused(400, locators.create, *HERE, "x", wanted(assetName="nothing"), code="InvalidPropertyValue", says="nothing")
refused(400, locators.create, *HERE, "x", wanted(streamingPolicyName="nothing"), says="nothing")
refused(400, locators.create, *HERE, "x", wanted(defaultContentKeyPolicyName="nothing"), says="nothing")
refused(400, locators.create, *HERE, "x", wanted(filters=["nothing"]), says="nothing")
refused(400, locators.create, *HERE, "x", {"properties": {"assetName": "empty"}}, says="streamingPolicyName")
assert raw("PUT", path("streamingLocators", "x"), wanted(startTime="soon"))[0] == 400
refused(400, locators.create, *HERE, "x", wanted(streamingLocatorId="7"), says="GUID")

# An asset without files: taken, and without paths until the files are there.
media.account_filters.create_or_update(*HERE, "mobile", {"properties": {"firstQuality": {"bitrate": 128000}}})
made = locators.create(*HERE, "drm", wanted(filters=["mobile"], alternativeMediaId="alt"))
assert made.filters == ["mobile"] and made.alternative_media_id == "alt"
assert [key.type for key in made.content_keys] == ["CommonEncryptionCenc", "CommonEncryptionCbcs"], made
assert all(key.value is None and key.policy_name is None and key.tracks == [] for key in made.content_keys)
keys = locators.list_content_keys(*HERE, "drm").content_keys
assert [key.label_reference_in_streaming_policy for key in keys] == ["cencKeyDefault", "cbcsKeyDefault"]
assert all(len(base64.b64decode(key.value)) == 16 for key in keys) and keys[0].value != keys[1].value
assert [path.paths for path in locators.list_paths(*HERE, "drm").streaming_paths] == [[], [], []]

# Keys that are given come back as they are.
given = [
    {"id": "88888888-AAAA-0000-0000-000000000001", "labelReferenceInStreamingPolicy": "cbcsKeyDefault",
     "value": "1UqLohAfWsEGkULYxHjYZg=="},
    {"id": "88888888-aaaa-0000-0000-000000000002", "labelReferenceInStreamingPolicy": "cencKeyDefault",
     "value": "dmFsdWG="}]
locators.create(*HERE, "given", wanted(contentKeys=given))
keys = {str(key.id): key for key in locators.list_content_keys(*HERE, "given").content_keys}
assert {id: key.value for id, key in keys.items()} == {key["id"].lower(): key["value"] for key in given}
refused(400, locators.create, *HERE, "x", wanted(
    contentKeys=[{"id": str(uuid.uuid4()), "labelReferenceInStreamingPolicy": "nothing"}]), says="nothing")
refused(400, locators.create, *HERE, "x", wanted(contentKeys=[{"labelReferenceInStreamingPolicy": "cbcsKeyDefault"}]),
        says="id")
refused(409, locators.create, *HERE, "x", wanted(contentKeys=[{**given[0], "value": "AAAAAAAAAAAAAAAAAAAAAA=="}]),
        says="two values")

# The policy of a key: what the streaming policy names for it, else the locator's.
option = {"configuration": {"@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"},
          "restriction": {"@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"}}
for name in ["open", "special"]:
    assert raw("PUT", path("contentKeyPolicies", name), {"properties": {"options": [option]}})[0] == 201
protocols = {"download": False, "dash": True, "hls": True, "smoothStreaming": False}
media.streaming_policies.create(*HERE, "two keys", {"properties": {"commonEncryptionCenc": {
    "enabledProtocols": protocols, "contentKeys": {
        "defaultKey": {"label": "usual"},
        "keyToTrackMappings": [{"label": "hd", "policyName": "special", "tracks": [{"trackSelections": [
            {"property": "FourCC", "operation": "Equal", "value": "hev1"}]}]}]}}}})
locators.create(*HERE, "two", {"properties": {
    "assetName": "empty", "streamingPolicyName": "two keys", "defaultContentKeyPolicyName": "open"}})
keys = locators.list_content_keys(*HERE, "two").content_keys
assert {key.label_reference_in_streaming_policy: key.policy_name for key in keys} == {"usual": "open", "hd": "special"}
refused(409, media.content_key_policies.delete, *HERE, "open", says="locator/two")
refused(409, media.streaming_policies.delete, *HERE, "two keys", says="locator/two")
refused(409, media.assets.delete, *HERE, "empty", says="streaming locator")

# Lists: keys stay out.
assert [locator.name for locator in locators.list(*HERE)] == ["clear", "drm", "given", "two"]
assert all(locator.content_keys == [] for locator in locators.list(*HERE))
of_asset = media.assets.list_streaming_locators(*HERE, "empty").streaming_locators
assert sorted(locator.name for locator in of_asset) == ["drm", "given", "two"]
assert all(locator.asset_name == "empty" and locator.streaming_locator_id for locator in of_asset)
status, _, body = raw("POST", path("assets", "film", "listStreamingLocators"))
assert body["streamingLocators"][0]["endTime"] == "9999-12-31T23:59:59.997Z", body
refused(404, locators.list_paths, *HERE, "nothing")
refused(404, locators.list_content_keys, *HERE, "nothing")

# Media that is not encrypted with the locator's keys is never served as if it were.
refused(400, locators.create, *HERE, "x", wanted(assetName="film", streamingPolicyName="Predefined_ClearKey"),
        says="encrypt")
for locator in ["drm", "given", "two"]:
    locators.delete(*HERE, locator)
media.content_key_policies.delete(*HERE, "open")
media.assets.delete(*HERE, "empty")
print("ok")
