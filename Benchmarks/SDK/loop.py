"""What a team writes by hand, with the official SDK: `export FILE` takes everything of an account, secrets included, and
`create FILE` makes the locators of such a file, and the assets they need, in another account."""

import json
import os
import sys

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.media import AzureMediaServices

HERE = ("lockstep", os.environ["LOCKSTEP_ACCOUNT"])


class Bearer(SansIOHTTPPolicy):
    """Brings a token; the SDK's own policy refuses plain HTTP."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer none"


class Nobody:
    """A credential that is never asked."""

    def get_token(self, *scopes, **options):
        raise AssertionError("the credential was asked")


media = AzureMediaServices(
    Nobody(), "00000000-0000-0000-0000-000000000000", base_url=os.environ["LOCKSTEP_URL"],
    authentication_policy=Bearer())


def export():
    """Every resource with its secrets."""
    assets = [item.as_dict() for item in media.assets.list(*HERE)]
    for asset in assets:
        asset["filters"] = [item.as_dict() for item in media.asset_filters.list(*HERE, asset["name"])]
        asset["tracks"] = [item.as_dict() for item in media.tracks.list(*HERE, asset["name"])]
    policies = [
        {"name": item.name, **media.content_key_policies.get_policy_properties_with_secrets(*HERE, item.name).as_dict()}
        for item in media.content_key_policies.list(*HERE)]
    locators = []
    for item in media.streaming_locators.list(*HERE):
        locator = item.as_dict()
        keys = media.streaming_locators.list_content_keys(*HERE, item.name).content_keys
        locator["content_keys"] = [key.as_dict() for key in keys]
        locators.append(locator)
    return {
        "account filters": [item.as_dict() for item in media.account_filters.list(*HERE)], "assets": assets,
        "content key policies": policies, "streaming locators": locators,
        "streaming policies": [item.as_dict() for item in media.streaming_policies.list(*HERE)]}


def create(state):
    """Makes locators with the same ids and keys, and first the assets that they need where these are missing."""
    there = {item.name for item in media.assets.list(*HERE)}
    for locator in state["streaming locators"]:
        if locator["asset_name"] not in there:
            media.assets.create_or_update(*HERE, locator["asset_name"], {"properties": {}})
            there.add(locator["asset_name"])
        keys = [
            {"id": key["id"], "labelReferenceInStreamingPolicy": key["label_reference_in_streaming_policy"],
             "value": key["value"]} for key in locator["content_keys"]]
        media.streaming_locators.create(*HERE, locator["name"], {"properties": {
            "assetName": locator["asset_name"], "contentKeys": keys,
            "streamingLocatorId": locator["streaming_locator_id"],
            "streamingPolicyName": locator["streaming_policy_name"]}})


if sys.argv[1] == "export":
    with open(sys.argv[2], "w") as file:
        json.dump(export(), file)
else:
    with open(sys.argv[2]) as file:
        create(json.load(file))
