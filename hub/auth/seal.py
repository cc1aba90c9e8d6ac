"""Cursors and page links that say nothing and cannot be changed (TRUST T-079, T-080).

AES-SIV needs no nonce: equal input gives equal output, so a sealed cursor is a stable name.  Its length tells little:
the text is filled up, so that the place 9 looks like the place 10,000,000.
A seal is bound to the caller and the query by its associated data; it is never proof of a right.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SIZE = 32  # bytes, or a multiple


class BrokenSeal(ValueError):
    """The text is not a seal of this hub for this caller and query."""


class Seal:
    """Seals short texts under a key derived from the store's."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESSIV(HKDF(SHA256(), 64, salt=None, info=b"renkei cursor").derive(secret))

    def close(self, text: str, *bound_to: str) -> str:
        """``text`` sealed, as URL-safe base64; ``bound_to`` must be given again to open it."""
        said = text.encode()
        filled = said.ljust(-(-len(said) // _SIZE) * _SIZE, b"\0")
        sealed = self._cipher.encrypt(filled, [part.encode() for part in bound_to])
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, sealed: str, *bound_to: str) -> str:
        """The sealed text.  Raises ``BrokenSeal`` for anything that was not sealed so."""
        try:
            raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            return self._cipher.decrypt(raw, [part.encode() for part in bound_to]).rstrip(b"\0").decode()
        except (InvalidTag, NotBase64, ValueError) as error:
            raise BrokenSeal("not a cursor of this hub for this caller and query") from error
