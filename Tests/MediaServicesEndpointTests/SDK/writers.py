"""Many clients write at once: everything is there afterwards, and one of many creations of one thing wins."""

from concurrent.futures import ThreadPoolExecutor

from common import HERE, client, path, raw

media = client()
with ThreadPoolExecutor(16) as pool:
    made = list(pool.map(lambda index: raw("PUT", path("assets", f"a{index:03}"), {})[0], range(64)))
    assert made == [201] * 64, made
    policy = {"properties": {"noEncryption": {
        "enabledProtocols": {"download": True, "dash": True, "hls": True, "smoothStreaming": True}}}}
    status = list(pool.map(lambda _: raw("PUT", path("streamingPolicies", "one"), policy)[0], range(16)))
    assert sorted(status) == [201] + [409] * 15, status
    locator = {"properties": {"assetName": "a000", "streamingPolicyName": "one",
                              "streamingLocatorId": "77777777-0000-0000-0000-000000000000"}}
    status = list(pool.map(lambda index: raw("PUT", path("streamingLocators", f"l{index}"), locator)[0], range(16)))
    assert sorted(status) == [201] + [409] * 15, status
assert len(list(media.assets.list(*HERE))) == 64
assert len(list(media.streaming_locators.list(*HERE))) == 1
print("ok")
