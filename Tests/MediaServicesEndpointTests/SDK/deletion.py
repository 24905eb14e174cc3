"""What becomes of an asset's files when it is deleted, as the endpoint was started."""

import datetime
import os
import urllib.error
import urllib.request

from azure.storage.blob import ContainerClient
from common import HERE, client, refused

media = client()
folder = os.environ["LOCKSTEP_ACCOUNT_FOLDER"]
deletes = os.environ["LOCKSTEP_DELETES"] == "yes"


def made(name):
    """An asset with a file, and the folder that has it."""
    media.assets.create_or_update(*HERE, name, {"properties": {}})
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    wanted = {"permissions": "ReadWrite", "expiryTime": expiry}
    url = media.assets.list_container_sas(*HERE, name, wanted).asset_container_sas_urls[0]
    ContainerClient.from_container_url(url).upload_blob("a/film.mp4", b"media")
    got = media.assets.get(*HERE, name)
    return f"{folder}/storage/{got.storage_account_name}/{got.container}", url


place, url = made("film")
other, _ = made("other")
locator = media.streaming_locators.create(*HERE, "film", {"properties": {
    "assetName": "film", "streamingPolicyName": "Predefined_ClearStreamingOnly"}})
published = f"{folder}/published/{locator.streaming_locator_id}/a/film.mp4"
assert os.path.exists(published)
# While a locator publishes them nothing goes.
refused(409, media.assets.delete, *HERE, "film", says="streaming locator 'film'")
assert os.path.exists(f"{place}/a/film.mp4") and os.path.exists(published)
media.streaming_locators.delete(*HERE, "film")
media.assets.delete(*HERE, "film")
refused(404, media.assets.get, *HERE, "film")
assert not os.path.exists(published)
assert os.path.exists(f"{place}/a/film.mp4") != deletes, place
assert os.path.exists(f"{other}/a/film.mp4"), "another asset's files are its own"
try:
    urllib.request.urlopen(url.replace("?", "/a/film.mp4?"))
    raise AssertionError("a URL opens a container without an asset")
except urllib.error.HTTPError as error:
    assert error.code == 404, error
print("ok")
