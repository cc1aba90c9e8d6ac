"""Attachments (FHIR R4 §2.24.0.8): what is declared about the data must be true of the data."""

import base64
import binascii
import hashlib
import re

from profiles.resource import Resource
from profiles.rules.surroundings import Place, Surroundings

_URL = re.compile(r"(https?://|urn:(uuid|oid):|[A-Z][A-Za-z]+/|/|#)[^\s\"<>\\^`{}|]*")


def check_attachment(value: Resource, place: Place, around: Surroundings) -> None:
    """What ``url`` may be, and ``size`` and ``hash`` (SHA-1, base64) as the data has them."""
    url = value.get("url")
    if isinstance(url, str):
        _check_url(url, (place, "url"), around)
    data, size, digest = value.get("data"), value.get("size"), value.get("hash")
    if not isinstance(data, str) or (size is None and digest is None):
        return
    try:
        content = base64.b64decode(data)
    except (binascii.Error, ValueError):
        around.error((place, "data"), "attachment-data", "The data is not base64.")
        return
    if isinstance(size, int) and size != len(content):
        text = f"The size says {size} bytes, the data has {len(content)}."
        around.error((place, "size"), "attachment-size", text)
    sha1 = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    if isinstance(digest, str) and digest != sha1:
        around.error((place, "hash"), "attachment-hash", "The hash is not the SHA-1 of the data.")


def _check_url(url: str, place: Place, around: Surroundings) -> None:
    if url.startswith("file:"):
        text = "A file: URL cannot be opened outside of its source."
        around.report("warning", place, "attachment-url", text)
    elif not _URL.fullmatch(url):
        text = "The URL of an attachment is http(s), urn:uuid, urn:oid or relative."
        around.error(place, "attachment-url", text)
