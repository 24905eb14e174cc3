"""Account filters and asset filters through the official SDK."""

from common import HERE, client, path, raw, refused

media = client()
media.assets.create_or_update(*HERE, "film", {"properties": {}})
largest = 9223372036854775807
wanted = {"properties": {
    "presentationTimeRange": {
        "startTimestamp": 0, "endTimestamp": 170000000, "presentationWindowDuration": largest,
        "liveBackoffDuration": 0, "timescale": 10000000, "forceEndTimestamp": False},
    "firstQuality": {"bitrate": 128000},
    "tracks": [{"trackSelections": [
        {"property": "Type", "operation": "Equal", "value": "Audio"},
        {"property": "Language", "operation": "NotEqual", "value": "en"}]}]}}

for operations, owner in [(media.account_filters, HERE), (media.asset_filters, (*HERE, "film"))]:
    made = operations.create_or_update(*owner, "a filter", wanted)
    got = operations.get(*owner, "a filter")
    assert got.presentation_time_range.presentation_window_duration == largest, "an Int64 was damaged"
    assert got.first_quality.bitrate == 128000
    assert got.tracks[0].track_selections[1].operation == "NotEqual"
    assert got.name == "a filter" and got.id == made.id and got.id.endswith("ilters/a filter"), got.id
    # PUT replaces as a whole, PATCH what it names.
    replaced = operations.create_or_update(*owner, "a filter", {"properties": {"firstQuality": {"bitrate": 1}}})
    assert replaced.presentation_time_range is None and replaced.tracks == [], replaced
    patched = operations.update(*owner, "a filter", {"properties": {
        "tracks": wanted["properties"]["tracks"]}})
    assert patched.first_quality.bitrate == 1 and len(patched.tracks) == 1, patched
    operations.create_or_update(*owner, "Ünïcode", wanted)
    assert [item.name for item in operations.list(*owner)] == ["a filter", "Ünïcode"]
    refused(404, operations.get, *owner, "nothing", code="NotFound")
    refused(404, operations.update, *owner, "nothing", wanted)
    refused(400, operations.create_or_update, *owner, "bad", {"properties": {"firstQuality": {}}}, says="bitrate")
    refused(400, operations.create_or_update, *owner, "bad", {"properties": {
        "presentationTimeRange": {"endTimestamp": largest + 1}}}, says="64 bits")
    operations.delete(*owner, "Ünïcode")
    refused(404, operations.get, *owner, "Ünïcode")

assert raw("PUT", path("accountFilters", "new"), wanted)[0] == 201
assert raw("PUT", path("accountFilters", "new"), wanted)[0] == 200
assert raw("DELETE", path("accountFilters", "new"))[0] == 200
assert raw("DELETE", path("accountFilters", "new"))[0] == 204
for option in ["$filter=name eq 'x'", "$top=1", "$orderby=name"]:
    status, _, body = raw("GET", path("accountFilters"), query=option.replace(" ", "%20"))
    assert status == 400 and body["error"]["target"] == option.split("=")[0], (option, status, body)

# The filters of an asset go with it.
refused(404, media.asset_filters.list, *HERE, "nothing")
refused(404, media.asset_filters.create_or_update, *HERE, "nothing", "f", wanted)
media.assets.delete(*HERE, "film")
media.assets.create_or_update(*HERE, "film", {"properties": {}})
assert list(media.asset_filters.list(*HERE, "film")) == []
print("ok")
