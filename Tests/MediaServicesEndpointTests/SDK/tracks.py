"""Tracks, each change a long-running operation, through the official SDK."""

import os

from azure.mgmt.media.models import AssetTrack, AudioTrack, HlsSettings, TextTrack
from common import HERE, client, path, raw, refused

media = client()
tracks = media.tracks
media.assets.create_or_update(*HERE, "film", {"properties": {}})
got = media.assets.get(*HERE, "film")
folder = f"{os.environ['LOCKSTEP_ACCOUNT_FOLDER']}/storage/{got.storage_account_name}/{got.container}"
for name in ["english.vtt", "audio.mp4"]:
    open(f"{folder}/{name}", "w").close()

text = AssetTrack(track=TextTrack(file_name="english.vtt", display_name="English", hls_settings=HlsSettings(default=True)))
refused(400, tracks.begin_create_or_update, *HERE, "film", "t",
        AssetTrack(track=TextTrack(file_name="missing.vtt")), says="Target resource file does not exist.")
poller = tracks.begin_create_or_update(*HERE, "film", "english", text)
made = poller.result()
assert made.provisioning_state == "Succeeded" and made.track.player_visibility == "Visible", made
assert made.track.file_name == "english.vtt" and made.track.hls_settings.default is True
tracks.begin_create_or_update(
    *HERE, "film", "audio", AssetTrack(track=AudioTrack(file_name="audio.mp4", language_code="en"))).result()
assert [track.name for track in tracks.list(*HERE, "film")] == ["audio", "english"]
updated = tracks.begin_update(
    *HERE, "film", "english", AssetTrack(track=TextTrack(display_name="Other", player_visibility="Hidden"))).result()
got = tracks.get(*HERE, "film", "english")
assert (got.track.display_name, got.track.player_visibility, got.track.file_name) == ("Other", "Hidden", "english.vtt")
tracks.begin_update_track_data(*HERE, "film", "english").result()

# Raw: the headers, the states on the way, and one operation at a time.
body = {"properties": {"track": {"@odata.type": "#Microsoft.Media.TextTrack", "fileName": "english.vtt"}}}
status, headers, shown = raw("PUT", path("assets", "film", "tracks", "raw"), body)
assert status == 201 and shown["properties"]["provisioningState"] == "InProgress", (status, shown)
assert "/operationStatuses/" in headers["azure-asyncoperation"] and "/operationResults/" in headers["location"]
status, _, error = raw("PUT", path("assets", "film", "tracks", "raw"), body)
assert status == 409 and error["error"]["code"] == "OperationInProgress", (status, error)
operation = headers["location"].split("/operationResults/")[1].split("?")[0]
states = set()
while True:
    state = media.operation_statuses.get(*HERE, "film", "raw", operation)
    states.add(state.status)
    if state.status == "Succeeded":
        break
    assert raw("GET", path("assets", "film", "tracks", "raw", "operationResults", operation))[0] in (200, 202)
assert state.name == operation and state.error.code == "None", state
assert media.operation_results.get(*HERE, "film", "raw", operation).name == "raw"
refused(404, media.operation_statuses.get, *HERE, "film", "raw", "11111111-1111-1111-1111-111111111111")

tracks.begin_delete(*HERE, "film", "english").result()
refused(404, tracks.get, *HERE, "film", "english")
tracks.begin_delete(*HERE, "film", "english").result()
refused(404, tracks.list, *HERE, "nothing")
assert raw("GET", path("assets", "film", "tracks"), version="2018-07-01")[0] == 400, "no tracks before 2021-11-01"
print("ok")
