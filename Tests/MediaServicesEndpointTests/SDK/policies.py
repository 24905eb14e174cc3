"""Content key policies and streaming policies through the official SDK."""

import base64
import subprocess
import tempfile

from azure.mgmt.media.models import (
    ContentKeyPolicy,
    ContentKeyPolicyClearKeyConfiguration,
    ContentKeyPolicyFairPlayConfiguration,
    ContentKeyPolicyOpenRestriction,
    ContentKeyPolicyOption,
    ContentKeyPolicyPlayReadyConfiguration,
    ContentKeyPolicyPlayReadyContentEncryptionKeyFromKeyIdentifier,
    ContentKeyPolicyPlayReadyLicense,
    ContentKeyPolicyRsaTokenKey,
    ContentKeyPolicySymmetricTokenKey,
    ContentKeyPolicyTokenClaim,
    ContentKeyPolicyTokenRestriction,
    ContentKeyPolicyWidevineConfiguration,
    ContentKeyPolicyX509CertificateTokenKey,
)
from common import HERE, client, path, raw, refused

media = client()
policies = media.content_key_policies
secret = base64.b64encode(b"a symmetric key of thirty-two by").decode()


def token(key, **options):
    return ContentKeyPolicyTokenRestriction(
        issuer="issuer", audience="audience", primary_verification_key=key, restriction_token_type="Jwt", **options)


def clear(restriction, name="clear"):
    return ContentKeyPolicyOption(
        name=name, configuration=ContentKeyPolicyClearKeyConfiguration(), restriction=restriction)


symmetric = ContentKeyPolicySymmetricTokenKey(key_value=base64.b64decode(secret))
made = policies.create_or_update(
    *HERE, "token", ContentKeyPolicy(description="d", options=[clear(token(symmetric))]))
assert made.policy_id and made.options[0].policy_option_id, made
assert made.options[0].restriction.primary_verification_key.key_value is None, "the secret was told"
assert made.options[0].restriction.alternate_verification_keys == []
assert made.options[0].restriction.required_claims == []
got = policies.get(*HERE, "token")
assert got.options[0].policy_option_id == made.options[0].policy_option_id
assert got.options[0].restriction.primary_verification_key.key_value is None
whole = policies.get_policy_properties_with_secrets(*HERE, "token")
assert bytes(whole.options[0].restriction.primary_verification_key.key_value) == base64.b64decode(secret)
assert whole.policy_id == made.policy_id and whole.description == "d"

# What a GET shows cannot be written back: it would destroy the secret.
refused(400, policies.create_or_update, *HERE, "token", got, says="keyValue")
status, _, body = raw("GET", path("contentKeyPolicies", "token"))
body["properties"]["options"][0]["restriction"]["primaryVerificationKey"]["keyValue"] = ""
assert raw("PUT", path("contentKeyPolicies", "token"), {"properties": body["properties"]})[0] == 400
assert bytes(policies.get_policy_properties_with_secrets(
    *HERE, "token").options[0].restriction.primary_verification_key.key_value) == base64.b64decode(secret)

# A change makes new ids of options, also one that changes nothing.
patched = policies.update(*HERE, "token", ContentKeyPolicy(description="new", options=[clear(token(symmetric))]))
assert patched.policy_id == made.policy_id and patched.description == "new"
assert patched.options[0].policy_option_id != made.options[0].policy_option_id
assert patched.created == made.created
status, _, body = raw("PATCH", path("contentKeyPolicies", "token"), {"properties": {"description": "only"}})
assert status == 200 and body["properties"]["options"][0]["name"] == "clear", body

# Every kind of configuration and key, secrets as they were sent.
pfx = base64.b64encode(b"pfx").decode()
everything = ContentKeyPolicy(options=[
    clear(ContentKeyPolicyOpenRestriction(), "open"),
    ContentKeyPolicyOption(
        name="widevine", configuration=ContentKeyPolicyWidevineConfiguration(widevine_template='{"a" : 1}'),
        restriction=token(
            ContentKeyPolicyRsaTokenKey(exponent=b"\x01\x00\x01", modulus=b"m" * 256),
            alternate_verification_keys=[symmetric],
            required_claims=[ContentKeyPolicyTokenClaim(claim_type="t", claim_value="v"),
                             ContentKeyPolicyTokenClaim(claim_type="only")])),
    ContentKeyPolicyOption(
        name="fairplay",
        configuration=ContentKeyPolicyFairPlayConfiguration(
            ask=b"k" * 16, fair_play_pfx=pfx, fair_play_pfx_password="pass word", rental_duration=0,
            rental_and_lease_key_type="PersistentUnlimited"),
        restriction=ContentKeyPolicyOpenRestriction()),
    ContentKeyPolicyOption(
        name="playready",
        configuration=ContentKeyPolicyPlayReadyConfiguration(licenses=[ContentKeyPolicyPlayReadyLicense(
            allow_test_devices=True, license_type="NonPersistent", content_type="Unspecified",
            begin_date="2017-10-16T18:22:53.460Z",
            content_key_location=ContentKeyPolicyPlayReadyContentEncryptionKeyFromKeyIdentifier(
                key_id="AAAAAAAA-0000-0000-0000-000000000001"))]),
        restriction=ContentKeyPolicyOpenRestriction()),
])
policies.create_or_update(*HERE, "everything", everything)
shown = policies.get(*HERE, "everything")
assert shown.options[2].configuration.fair_play_pfx is None and shown.options[2].configuration.ask is None
assert shown.options[1].configuration.widevine_template == '{"a" : 1}'
location = shown.options[3].configuration.licenses[0].content_key_location
assert location.key_id == "aaaaaaaa-0000-0000-0000-000000000001", "GUIDs come back in lower case"
whole = policies.get_policy_properties_with_secrets(*HERE, "everything")
fairplay = whole.options[2].configuration
assert (bytes(fairplay.ask), fairplay.fair_play_pfx, fairplay.fair_play_pfx_password) == (b"k" * 16, pfx, "pass word")
assert bytes(whole.options[1].restriction.primary_verification_key.modulus) == b"m" * 256
assert len({option.policy_option_id for option in whole.options}) == 4

# A certificate goes in as PEM and comes out as DER.
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tokens", "-days", "2",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)
    pem = open(f"{folder}/cert.pem", "rb").read()
    der = subprocess.run(["openssl", "x509", "-in", f"{folder}/cert.pem", "-outform", "DER"], check=True,
                         capture_output=True).stdout
policies.create_or_update(*HERE, "x509", ContentKeyPolicy(options=[
    clear(token(ContentKeyPolicyX509CertificateTokenKey(raw_body=pem),
                alternate_verification_keys=[ContentKeyPolicyX509CertificateTokenKey(raw_body=der)]))]))
restriction = policies.get_policy_properties_with_secrets(*HERE, "x509").options[0].restriction
assert bytes(restriction.primary_verification_key.raw_body) == der, "PEM was not made DER"
assert bytes(restriction.alternate_verification_keys[0].raw_body) == der

# Refusals.
refused(400, policies.create_or_update, *HERE, "empty", ContentKeyPolicy(options=[]), says="at least one option")
unknown = {"properties": {"options": [{
    "configuration": {"@odata.type": "#Microsoft.Media.ContentKeyPolicyUnknownConfiguration"},
    "restriction": {"@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"}}]}}
assert raw("PUT", path("contentKeyPolicies", "unknown"), unknown)[0] == 400
claims = [ContentKeyPolicyTokenClaim(claim_type=str(index)) for index in range(31)]
refused(400, policies.create_or_update, *HERE, "claims",
        ContentKeyPolicy(options=[clear(token(symmetric, required_claims=claims))]), code="QuotaExceeded")
refused(404, policies.get, *HERE, "nothing", code="NotFound")
refused(404, policies.get_policy_properties_with_secrets, *HERE, "nothing")
assert [policy.name for policy in policies.list(*HERE)] == ["everything", "token", "x509"]

# Streaming policies: made once, never changed.
streaming = media.streaming_policies
predefined = [
    "Predefined_ClearKey", "Predefined_ClearStreamingOnly", "Predefined_DownloadAndClearStreaming",
    "Predefined_DownloadOnly", "Predefined_MultiDrmCencStreaming", "Predefined_MultiDrmStreaming"]
assert [policy.name for policy in streaming.list(*HERE)] == predefined
for policy in streaming.list(*HERE):
    assert policy.created.isoformat() == "2018-03-19T06:06:06+00:00" and policy.system_data is None, policy
multi = streaming.get(*HERE, "Predefined_MultiDrmStreaming")
assert multi.common_encryption_cbcs.content_keys.default_key.label == "cbcsKeyDefault"
assert multi.common_encryption_cenc.content_keys.default_key.label == "cencKeyDefault"
clear_key = streaming.get(*HERE, "Predefined_ClearKey").envelope_encryption
assert clear_key.content_keys.default_key.label == "clearKeyDefault" and clear_key.clear_tracks == []
wanted = {"properties": {
    "defaultContentKeyPolicyName": "nobody made it yet",
    "envelopeEncryption": {
        "enabledProtocols": {"download": False, "dash": True, "hls": True, "smoothStreaming": False},
        "contentKeys": {"defaultKey": {"label": "aes"}},
        "customKeyAcquisitionUrlTemplate": "https://keys.example.com/{ContentKeyId}"}}}
made = streaming.create(*HERE, "aes only", wanted)
assert made.envelope_encryption.clear_tracks == [], "clearTracks is added"
assert made.envelope_encryption.content_keys.key_to_track_mappings == []
got = streaming.get(*HERE, "aes only")
assert got.default_content_key_policy_name == "nobody made it yet"
assert got.envelope_encryption.custom_key_acquisition_url_template == "https://keys.example.com/{ContentKeyId}"
refused(409, streaming.create, *HERE, "aes only", wanted, code="Conflict", says="cannot be updated")
refused(409, streaming.create, *HERE, "Predefined_ClearKey", wanted, code="Conflict")
refused(400, streaming.create, *HERE, "nothing in it", {"properties": {}}, says="encryption scheme")
assert raw("PATCH", path("streamingPolicies", "aes only"), wanted)[0] == 405
assert raw("DELETE", path("streamingPolicies", "Predefined_ClearKey"))[0] == 400
assert sorted(policy.name for policy in streaming.list(*HERE)) == sorted(predefined + ["aes only"])
streaming.delete(*HERE, "aes only")
refused(404, streaming.get, *HERE, "aes only")
assert raw("DELETE", path("streamingPolicies", "aes only"))[0] == 204
print("ok")
