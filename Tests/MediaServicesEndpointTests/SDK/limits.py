"""Limits: the endpoint was started with --limit NAME=2 for each."""

from common import HERE, client, refused

media = client()
empty = {"properties": {}}
quality = {"properties": {"firstQuality": {"bitrate": 1}}}
media.assets.create_or_update(*HERE, "a", empty)


def two_and_no_more(create, delete):
    for name in ["one", "two"]:
        create(name)
    refused(400, create, "three", code="QuotaExceeded")
    create_again = getattr(create, "replaces", True)
    if create_again:
        create("two")
    delete("one")
    create("three")
    refused(400, create, "four", code="QuotaExceeded")


two_and_no_more(
    lambda name: media.account_filters.create_or_update(*HERE, name, quality),
    lambda name: media.account_filters.delete(*HERE, name))
two_and_no_more(
    lambda name: media.asset_filters.create_or_update(*HERE, "a", name, quality),
    lambda name: media.asset_filters.delete(*HERE, "a", name))


def policy(name):
    media.streaming_policies.create(*HERE, name, {"properties": {"noEncryption": {
        "enabledProtocols": {"download": True, "dash": True, "hls": True, "smoothStreaming": True}}}})


def locator(name):
    media.streaming_locators.create(*HERE, name, {"properties": {
        "assetName": "a", "streamingPolicyName": "Predefined_ClearStreamingOnly"}})


policy.replaces = locator.replaces = False
two_and_no_more(policy, lambda name: media.streaming_policies.delete(*HERE, name))
two_and_no_more(locator, lambda name: media.streaming_locators.delete(*HERE, name))
# An asset more is allowed, and then none.
media.assets.create_or_update(*HERE, "b", empty)
refused(400, media.assets.create_or_update, *HERE, "c", empty, code="QuotaExceeded")
two_and_a_half = [{
    "configuration": {"@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"},
    "restriction": {
        "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "issuer": "i", "audience": "a",
        "restrictionTokenType": "Jwt",
        "primaryVerificationKey": {"@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey",
                                   "keyValue": "AAAA"},
        "requiredClaims": [{"claimType": str(index)} for index in range(3)]}}]
refused(400, media.content_key_policies.create_or_update, *HERE, "p", {"properties": {"options": two_and_a_half}},
        code="QuotaExceeded", says="3 claims")
print("ok")
