"""From creation to playback as a team's code does it: asset, upload by SAS URL, locator, paths."""

import datetime
import urllib.request

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient
from common import HERE, URL, client, refused

media = client()
media.assets.create_or_update(*HERE, "film", {"properties": {}})
locator = media.streaming_locators.create(*HERE, "film", {"properties": {
    "assetName": "film", "streamingPolicyName": "Predefined_ClearStreamingOnly"}})
now = datetime.datetime.now(datetime.timezone.utc)


def urls(permissions, hours=1):
    answer = media.assets.list_container_sas(
        *HERE, "film", {"permissions": permissions, "expiryTime": now + datetime.timedelta(hours=hours)})
    return answer.asset_container_sas_urls


both = urls("ReadWriteDelete")
assert len(both) == 2 and both[0] != both[1] and all(url.startswith(URL) for url in both), both
for url, name in zip(both, ["main.m3u8", "0.ts"]):
    ContainerClient.from_container_url(url).upload_blob(name, b"#EXTM3U\n")
reader = ContainerClient.from_container_url(urls("Read")[0])
assert sorted(blob.name for blob in reader.list_blobs()) == ["0.ts", "main.m3u8"]
try:
    reader.upload_blob("no", b"")
    raise AssertionError("a URL for reading took a blob")
except HttpResponseError as error:
    assert error.status_code == 403, error
# The locator waited for its files.
paths = media.streaming_locators.list_paths(*HERE, "film").streaming_paths
assert [path.paths for path in paths] == [[f"/{locator.streaming_locator_id}/main.m3u8"], [], []], paths
host = media.streaming_endpoints.get(*HERE, "default").host_name
assert urllib.request.urlopen(f"http://{host}{paths[0].paths[0]}").read() == b"#EXTM3U\n"
refused(400, media.assets.list_container_sas, *HERE, "film", {
    "permissions": "Read", "expiryTime": now + datetime.timedelta(hours=25)}, says="24 hours")
refused(400, media.assets.list_container_sas, *HERE, "film", {
    "permissions": "All", "expiryTime": now}, code="InvalidPropertyValue")
refused(404, media.assets.list_container_sas, *HERE, "nothing", {"permissions": "Read", "expiryTime": now})
print("ok")
