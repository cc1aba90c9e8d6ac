"""Search in the store: the index, and a parsed query run under the caller's predicate.

``put``, ``remove`` keep the index; ``find``, ``total``, ``whose``, ``own_ids`` ask it; ``Included`` and ``included``
bring along what the matches refer to.  ``Asked`` says where to look and who judges what may be seen, at every hop.
"""

from hub.store.search.find import find, own_ids, patient_records, place_of, total, whose
from hub.store.search.include import AT_ONCE, Eyes, Included, included
from hub.store.search.near import Asked, Judge, Near, filed_with
from hub.store.search.order import Place
from hub.store.search.put import Indexed, put, remove

__all__ = [
    "AT_ONCE",
    "Asked",
    "Eyes",
    "Included",
    "Indexed",
    "Judge",
    "Near",
    "Place",
    "filed_with",
    "find",
    "included",
    "own_ids",
    "patient_records",
    "place_of",
    "put",
    "remove",
    "total",
    "whose",
]
