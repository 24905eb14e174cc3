"""Makes keys, and tokens by them, with pyjwt and openssl; prints them as JSON.

tokens.py KEY_ID FOLDER
"""

import base64
import json
import subprocess
import sys
import time

import jwt
from cryptography.hazmat.primitives import serialization

key_id, folder = sys.argv[1:]
now = int(time.time())
symmetric, other = b"s" * 64, b"o" * 64


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def rsa(name, bits="2048"):
    openssl("genrsa", "-out", f"{folder}/{name}.pem", bits)
    with open(f"{folder}/{name}.pem", "rb") as file:
        return file.read()


private, certified = rsa("rsa"), rsa("x509")
openssl("req", "-x509", "-new", "-key", f"{folder}/x509.pem", "-subj", "/CN=tokens", "-days", "30",
        "-out", f"{folder}/certificate.pem")
openssl("x509", "-in", f"{folder}/certificate.pem", "-outform", "DER", "-out", f"{folder}/certificate.der")
numbers = serialization.load_pem_private_key(private, None).public_key().public_numbers()
public_pem = serialization.load_pem_private_key(private, None).public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def number(value):
    return base64.b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()


def encoded(data):
    return base64.b64encode(data).decode()


def read(name):
    with open(f"{folder}/{name}", "rb") as file:
        return file.read()


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


claims = {
    "iss": "issuer", "aud": "audience", "exp": now + 21_600, "nbf": now - 10, "level": 3, "groups": ["staff", "press"],
    "urn:microsoft:azure:mediaservices:contentkeyidentifier": key_id.upper(),
}


def token(key=symmetric, algorithm="HS256", headers=None, **changes):
    body = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(body, key, algorithm=algorithm, headers=headers)


def hs256(secret, header, body):
    """By hand: pyjwt refuses a public key as a secret."""
    import hashlib
    import hmac
    text = f"{url(json.dumps(header).encode())}.{url(json.dumps(body).encode())}"
    return f"{text}.{url(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


good = token()
print(json.dumps({
    "made": now,
    "keys": {
        "symmetric": encoded(symmetric), "other": encoded(other), "modulus": number(numbers.n),
        "exponent": number(numbers.e), "der": encoded(read("certificate.der")),
        "pem": encoded(read("certificate.pem")),
    },
    "tokens": {
        "good": good, "hs384": token(algorithm="HS384"), "hs512": token(algorithm="HS512"),
        "kid": token(headers={"kid": "unknown"}),
        "audiences": token(aud=["someone", "audience"]), "other key": token(key=other),
        "rs256": token(private, "RS256"), "rs384": token(private, "RS384"), "rs512": token(private, "RS512"),
        "ps256": token(private, "PS256"),
        "x509": token(certified, "RS256"),
        "expired": token(exp=now - 3600), "early": token(nbf=now + 3600), "just expired": token(exp=now - 1),
        "issuer": token(iss="someone"), "audience": token(aud="someone"), "no audience": token(aud=None),
        "level": token(level=4), "groups": token(groups=["guests"]), "no groups": token(groups=None),
        "another key id": token(**{"urn:microsoft:azure:mediaservices:contentkeyidentifier": "x"}),
        "none": f"{url(json.dumps({'alg': 'none'}).encode())}.{good.split('.')[1]}.",
        "public key as secret": hs256(public_pem, {"alg": "HS256"}, claims),
        "modulus as secret": hs256(
            numbers.n.to_bytes(256, "big"), {"alg": "HS256"}, claims),
        "tampered": good.split(".")[0] + "." + token(level=9).split(".")[1] + "." + good.split(".")[2],
        "noise": "noise",
    },
}))
