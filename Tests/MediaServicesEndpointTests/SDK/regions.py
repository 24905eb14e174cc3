"""What a team publishes in one region, and what its code then finds in the other; LOCKSTEP_PHASE says which."""

import datetime
import json
import os
import urllib.request

from azure.storage.blob import ContainerClient
from common import HERE, URL, client, refused

PHASE = os.environ["LOCKSTEP_PHASE"]
CLIP = os.environ["LOCKSTEP_CLIP"]
KEY = {"id": os.environ["LOCKSTEP_KEY_ID"], "value": os.environ["LOCKSTEP_KEY"]}
NOTE = CLIP + ".json"
media = client()


def seen():
    """Everything that players and licence servers depend on, as the SDK shows it."""
    locator = media.streaming_locators.get(*HERE, "film")
    keys = media.streaming_locators.list_content_keys(*HERE, "film").content_keys
    paths = media.streaming_locators.list_paths(*HERE, "film")
    policy = media.content_key_policies.get_policy_properties_with_secrets(*HERE, "tokens")
    key = policy.options[0].restriction.primary_verification_key
    names = {
        group: [item.name for item in getattr(media, group).list(*HERE)]
        for group in ["assets", "account_filters", "content_key_policies", "streaming_policies", "streaming_locators"]
    }
    return {
        "locator": str(locator.streaming_locator_id), "filters": locator.filters, "names": names,
        "keys": [[str(key.id), key.value, key.label_reference_in_streaming_policy, key.policy_name] for key in keys],
        "paths": [[path.streaming_protocol, path.encryption_scheme, path.paths] for path in paths.streaming_paths],
        "secret": bytes(key.key_value).hex(), "asset filters": [
            item.name for item in media.asset_filters.list(*HERE, "film")],
    }


def fetch(path):
    return urllib.request.urlopen(URL + path).read()


if PHASE == "publish":
    type = "#Microsoft.Media.ContentKeyPolicy"
    for name, restriction in {
        "open": {"@odata.type": f"{type}OpenRestriction"}, "tokens": {
            "@odata.type": f"{type}TokenRestriction", "issuer": "i", "audience": "a", "restrictionTokenType": "Jwt",
            "primaryVerificationKey": {"@odata.type": f"{type}SymmetricTokenKey", "keyValue": "c2VjcmV0LW9mLXRva2Vucw=="}}}.items():
        media.content_key_policies.create_or_update(*HERE, name, {"properties": {"options": [{
            "configuration": {"@odata.type": f"{type}ClearKeyConfiguration"}, "restriction": restriction}]}})
    media.account_filters.create_or_update(*HERE, "mobile", {"properties": {"firstQuality": {"bitrate": 128000}}})
    media.assets.create_or_update(*HERE, "film", {"properties": {"description": "Ein Film"}})
    media.asset_filters.create_or_update(*HERE, "film", "start", {"properties": {"presentationTimeRange": {
        "startTimestamp": 0, "endTimestamp": 9223372036854775807}}})
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    url = media.assets.list_container_sas(
        *HERE, "film", {"permissions": "ReadWrite", "expiryTime": expiry}).asset_container_sas_urls[0]
    for name in sorted(os.listdir(CLIP), reverse=True):
        with open(f"{CLIP}/{name}", "rb") as file:
            ContainerClient.from_container_url(url).upload_blob(name, file)
    media.streaming_locators.create(*HERE, "film", {"properties": {
        "assetName": "film", "streamingPolicyName": "Predefined_ClearKey", "defaultContentKeyPolicyName": "open",
        "filters": ["mobile", "start"], "contentKeys": [{**KEY, "labelReferenceInStreamingPolicy": "clearKeyDefault"}]}})
    media.streaming_endpoints.begin_update(*HERE, "default", {
        "location": "West US 2", "properties": {"scaleUnits": 0, "maxCacheAge": 60}}).result()
    with open(NOTE, "w") as file:
        json.dump(seen(), file)

if PHASE in ["publish", "standby"]:
    with open(NOTE) as file:
        assert seen() == json.load(file), seen()
    path = [paths for protocol, _, paths in seen()["paths"] if protocol == "Hls"][0][0]
    with open(f"{CLIP}/film.m3u8", "rb") as file:
        assert fetch(path) == file.read()
    assert len(fetch(f"/keys/{KEY['id']}")) == 16
    endpoint = media.streaming_endpoints.get(*HERE, "default")
    assert endpoint.max_cache_age == (60 if PHASE == "publish" else None), "an endpoint is its region's own"
elif PHASE == "wait":
    media.assets.create_or_update(*HERE, "later", {"properties": {}})
    media.streaming_locators.create(*HERE, "later", {"properties": {
        "assetName": "later", "streamingPolicyName": "Predefined_MultiDrmStreaming"}})
elif PHASE == "waiting":
    assert len(media.streaming_locators.list_content_keys(*HERE, "later").content_keys) == 2
    assert all(path.paths == [] for path in media.streaming_locators.list_paths(*HERE, "later").streaming_paths)
elif PHASE == "change":
    media.account_filters.update(*HERE, "mobile", {"properties": {"firstQuality": {"bitrate": 64000}}})
    media.streaming_locators.delete(*HERE, "film")
elif PHASE == "changed":
    refused(404, media.streaming_locators.get, *HERE, "film")
    assert media.account_filters.get(*HERE, "mobile").first_quality.bitrate == 64000
print("ok")
