"""Attachments (FHIR R4 §2.24.0.8): what is declared about the data must be true of the data."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from profiles.issues import Issue, error, warning
from profiles.resource import Resource
from profiles.rules.surroundings import Surroundings

_URL = re.compile(r"(https?://|urn:(uuid|oid):|[A-Z][A-Za-z]+/|/|#)[^\s\"<>\\^`{}|]*")


def check_attachment(value: Resource, place: str, _around: Surroundings) -> Iterator[Issue]:
    """``contentType`` with data (att-1), and ``size`` and ``hash`` (SHA-1, base64) as the data has them."""
    url = value.get("url")
    if isinstance(url, str) and url.startswith("file:"):
        yield warning(f"{place}.url", "attachment-url", "A file: URL cannot be opened outside of its source.")
    elif isinstance(url, str) and not _URL.fullmatch(url):
        yield error(
            f"{place}.url", "attachment-url", "The URL of an attachment is http(s), urn:uuid, urn:oid or relative."
        )
    data = value.get("data")
    if not isinstance(data, str):
        return
    if "contentType" not in value:
        yield error(place, "att-1", "An attachment with data needs a contentType.")
    size, digest = value.get("size"), value.get("hash")
    if size is None and digest is None:
        return
    try:
        content = base64.b64decode(data)
    except (binascii.Error, ValueError):
        yield error(f"{place}.data", "attachment-data", "The data is not base64.")
        return
    if isinstance(size, int) and size != len(content):
        yield error(f"{place}.size", "attachment-size", f"The size says {size} bytes, the data has {len(content)}.")
    if (
        isinstance(digest, str)
        and digest != base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    ):
        yield error(f"{place}.hash", "attachment-hash", "The hash is not the SHA-1 of the data.")
