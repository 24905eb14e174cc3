"""Plays AES-128 HLS over and over, as a player does, and says of each round how it went.

    player.py URL

A line a round: begin and end in seconds since 1970, then the SHA-256 of all that was decrypted, or `-` and why it does not
play. Every segment is decrypted under the playlist's key and must be an MPEG transport stream.
"""

import hashlib
import http.client
import re
import subprocess
import sys
import time
import urllib.parse

PATIENCE_SECONDS = 5


class Server:
    """One connection, as long as it lasts, to the one host by which players come."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=PATIENCE_SECONDS)

    def get(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.netloc != self.host:
            raise ValueError(f"{url} is on another host")
        self.connection.request("GET", parts.path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ValueError(f"{answer.status} {url}")
        return body


def decrypted(segment, key, number):
    said = subprocess.run(
        ["openssl", "enc", "-d", "-aes-128-cbc", "-K", key.hex(), "-iv", f"{number:032x}"],
        input=segment, capture_output=True, check=True)
    if not said.stdout or any(byte != 0x47 for byte in said.stdout[::188]):
        raise ValueError("a segment is no transport stream under the key")
    return said.stdout


def play(url):
    server = Server(url)
    whole = hashlib.sha256()
    key, number = None, 0
    for line in server.get(url).decode().splitlines():
        if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            number = int(line.split(":")[1])
        elif line.startswith("#EXT-X-KEY:"):
            key = server.get(urllib.parse.urljoin(url, re.search('URI="([^"]*)"', line)[1]))
        elif line and not line.startswith("#"):
            whole.update(decrypted(server.get(urllib.parse.urljoin(url, line)), key, number))
            number += 1
    server.connection.close()
    return whole.hexdigest()


while True:
    begin = time.time()
    try:
        said = play(sys.argv[1])
    except Exception as error:
        said = "- " + " ".join(f"{type(error).__name__}: {error}".split())
        time.sleep(0.02)
    print(f"{begin:.3f} {time.time():.3f} {said}", flush=True)
