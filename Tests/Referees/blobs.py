"""Uses a container through the official SDK (azure-storage-blob) in every way that Lockstep serves.

blobs.py CONTAINER_URL READ_ONLY_URL
"""

import base64
import hashlib
import os
import sys
import uuid

from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient, ContentSettings

url, read_only = sys.argv[1:3]
container = ContainerClient.from_container_url(url)
small = ContainerClient.from_container_url(url, max_single_put_size=1 << 20, max_block_size=1 << 20,
                                           max_single_get_size=1 << 20, max_chunk_get_size=1 << 20)


def refused(kind, code, body):
    try:
        body()
    except kind as error:
        assert error.error_code == code, (error.error_code, code)
        return error
    raise AssertionError(f"not refused with {code}")


def md5(data):
    return bytearray(hashlib.md5(data).digest())


# Put, get, ranges, properties
container.upload_blob("a.txt", b"hello", metadata={"Mtime": "1", "who": "t"}, validate_content=True,
                      content_settings=ContentSettings(content_type="text/plain", cache_control="no-cache"))
blob = container.get_blob_client("a.txt")
assert blob.download_blob(validate_content=True).readall() == b"hello"
assert blob.download_blob(offset=1, length=3).readall() == b"ell"
assert blob.download_blob(offset=4).readall() == b"o"
properties = blob.get_blob_properties()
assert properties.size == 5 and properties.content_settings.content_type == "text/plain"
assert properties.content_settings.content_md5 == md5(b"hello")
assert properties.content_settings.cache_control == "no-cache"
assert properties.metadata == {"Mtime": "1", "who": "t"}, properties.metadata
refused(HttpResponseError, "InvalidRange", lambda: blob.download_blob(offset=5, length=1).readall())
refused(ResourceExistsError, "BlobAlreadyExists", lambda: container.upload_blob("a.txt", b"x"))

# Conditions
etag = properties.etag
blob.upload_blob(b"hello again", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
refused(ResourceModifiedError, "ConditionNotMet", lambda: blob.upload_blob(
    b"no", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified))
refused(ResourceModifiedError, "ConditionNotMet", lambda: blob.delete_blob(
    etag=etag, match_condition=MatchConditions.IfNotModified))
now = blob.get_blob_properties().etag
refused(HttpResponseError, "ConditionNotMet", lambda: blob.download_blob(
    etag=now, match_condition=MatchConditions.IfModified))
assert blob.download_blob().readall() == b"hello again"

# Metadata and header fields
blob.set_blob_metadata({"a": "b"})
assert blob.get_blob_properties().metadata == {"a": "b"}
assert blob.get_blob_properties().etag != now
blob.set_http_headers(ContentSettings(content_type="video/mp4", content_language="de"))
settings = blob.get_blob_properties().content_settings
assert settings.content_type == "video/mp4" and settings.content_language == "de"
assert blob.get_blob_properties().metadata == {"a": "b"}

# Empty, large, in blocks, in parallel
container.upload_blob("empty", b"")
assert container.download_blob("empty").readall() == b""
large = os.urandom((5 << 20) + 17)
small.upload_blob("deep/er/large.bin", large, max_concurrency=4)
assert small.download_blob("deep/er/large.bin", max_concurrency=4).readall() == large
assert container.get_blob_client("deep/er/large.bin").get_blob_properties().content_settings.content_md5 == md5(large)

# Blocks by hand: order, latest, committed, replaced; nothing of them shows before its list
blocks = container.get_blob_client("blocks")
ids = [base64.b64encode(uuid.uuid4().bytes).decode() for _ in range(3)]
for index, id in enumerate(ids):
    blocks.stage_block(id, bytes([65 + index]) * 1000, validate_content=True)
assert "blocks" not in [entry.name for entry in container.list_blobs()]
refused(ResourceNotFoundError, "BlobNotFound", lambda: blocks.download_blob())
assert [block.size for block in blocks.get_block_list("all")[1]] == [1000] * 3
missing = base64.b64encode(b"m" * 16).decode()
refused(HttpResponseError, "InvalidBlockList", lambda: blocks.commit_block_list([BlobBlock(ids[0]), BlobBlock(missing)]))
blocks.commit_block_list([BlobBlock(ids[2]), BlobBlock(ids[0])])
assert blocks.download_blob().readall() == b"C" * 1000 + b"A" * 1000
assert [block.id for block in blocks.get_block_list("committed")[0]] == [ids[2], ids[0]]
blocks.stage_block(ids[1], b"new")
blocks.commit_block_list([BlobBlock(ids[1]), BlobBlock(ids[0])])
assert blocks.download_blob().readall() == b"new" + b"A" * 1000
assert blocks.get_block_list("all")[1] == []

# Listings
for index in range(12):
    container.upload_blob(f"many/{index:02}/x & <y>.txt", str(index))
container.upload_blob("Größe ±/日本 語.txt", b"unicode")
assert container.download_blob("Größe ±/日本 語.txt").readall() == b"unicode"
names = [entry.name for entry in container.list_blobs()]
assert names == sorted(names, key=lambda name: name.encode()) and len(names) == 17, names
pages = list(container.list_blobs(results_per_page=5).by_page())
assert [entry.name for page in pages for entry in page] == names and len(pages) == 4
many = [entry.name for entry in container.list_blobs(name_starts_with="many/0")]
assert many == [f"many/{index:02}/x & <y>.txt" for index in range(10)]
assert sorted(item.name for item in container.walk_blobs(delimiter="/")) == [
    "Größe ±/", "a.txt", "blocks", "deep/", "empty", "many/"
]
assert [item.name for item in container.walk_blobs(name_starts_with="many/1", delimiter="/")] == ["many/10/", "many/11/"]
walked = []
for page in container.walk_blobs(name_starts_with="many/", delimiter="/", results_per_page=5).by_page():
    walked += [item.name for item in page]
assert walked == [f"many/{index:02}/" for index in range(12)], walked
listed = {entry.name: entry for entry in container.list_blobs(include=["metadata"])}
assert listed["a.txt"].metadata == {"a": "b"} and listed["a.txt"].size == 11
assert listed["deep/er/large.bin"].content_settings.content_md5 == md5(large)
assert list(container.list_blobs(name_starts_with="nothing/here")) == []
assert list(container.list_blobs(name_starts_with="../")) == []

# Copies within the endpoint
copy = container.get_blob_client("copy.txt")
assert copy.start_copy_from_url(blob.url)["copy_status"] == "success"
assert copy.download_blob().readall() == b"hello again" and copy.get_blob_properties().metadata == {"a": "b"}
container.get_blob_client("copy2.txt").upload_blob_from_url(blob.url)
assert container.download_blob("copy2.txt").readall() == b"hello again"
refused(HttpResponseError, "CannotVerifyCopySource", lambda: copy.start_copy_from_url("http://192.0.2.1/a/b/c?sig=x"))

# Names that no file can have
refused(HttpResponseError, "ResourceTypeMismatch", lambda: container.upload_blob("a.txt/b", b"x"))
refused(HttpResponseError, "ResourceTypeMismatch", lambda: container.upload_blob("deep/er", b"x"))
for name in ["x" * 256, "a//b", "slash/"]:
    refused(HttpResponseError, "InvalidResourceName", lambda: container.upload_blob(name, b"x"))

# Rights
reader = ContainerClient.from_container_url(read_only)
assert reader.download_blob("a.txt").readall() == b"hello again"
for body in [lambda: reader.upload_blob("n", b"x"), lambda: reader.delete_blob("a.txt"),
             lambda: reader.get_blob_client("a.txt").set_blob_metadata({})]:
    refused(HttpResponseError, "AuthorizationPermissionMismatch", body)
refused(ClientAuthenticationError, "AuthenticationFailed",
        lambda: ContainerClient.from_container_url(url[:-4] + "AAAA").download_blob("a.txt"))
assert container.exists() and container.get_container_properties().name == "film"

# Deleting
container.delete_blob("copy.txt")
refused(ResourceNotFoundError, "BlobNotFound", lambda: container.delete_blob("copy.txt"))
refused(ResourceNotFoundError, "BlobNotFound", lambda: container.download_blob("copy.txt"))
for name in [entry.name for entry in container.list_blobs()]:
    container.delete_blob(name)
assert list(container.list_blobs()) == []
