"""What stands in the index for a code system, a code and a text: small, of bounded length, the same for both sides.

The index writes these forms and the query asks for them, so what was written is found by what was written.
"""

from functools import lru_cache
from hashlib import blake2b

from profiles.folding import fold_name
from profiles.normalise import canonical_system

MAX_CODE = 160
MAX_TEXT = 255
_KEPT = MAX_CODE - 33


@lru_cache(maxsize=8192)
def system_key(url: str) -> int:
    """The number of a system: 48 bits of its URL's hash, the newest of its names; 0 for no system."""
    if not url:
        return 0
    return int.from_bytes(blake2b(canonical_system(url).encode(), digest_size=6).digest(), "big") or 1


@lru_cache(maxsize=1024)
def of_type_key(url: str) -> int:
    """The system of the rows ``<type code>|<value>``, by which ``:of-type`` finds an identifier."""
    return system_key(f"{canonical_system(url)}#of-type")


def bounded(code: str) -> str:
    """A code, URL or text in at most ``MAX_CODE`` characters; a longer one ends in the hash of the whole.

    A B-tree of PostgreSQL takes no key of more than 2,700 bytes.
    """
    if len(code) <= MAX_CODE:
        return code
    return f"{code[:_KEPT]}#{blake2b(code.encode(), digest_size=16).hexdigest()}"


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """A text as it is compared: ``fold_name``, its first ``MAX_TEXT`` characters."""
    return fold_name(text)[:MAX_TEXT]
