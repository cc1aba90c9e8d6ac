"""入院時情報提供書: what the hub holds about a person, in the 12 items of the national guide, with its sources.

``handoff`` drafts the FHIR document, ``handoff_view`` reads its printable page back out of it.
"""

from hub.projections.handoff.document import handoff
from hub.projections.handoff.held import Held
from hub.projections.handoff.items import ITEMS, SHARED_INFORMATION_ITEM, Item
from hub.projections.handoff.view import HandoffView, ItemView, LineView, handoff_view, patient_lines

__all__ = [
    "ITEMS", "SHARED_INFORMATION_ITEM", "HandoffView", "Held", "Item", "ItemView", "LineView", "handoff",
    "handoff_view", "patient_lines",
]  # fmt: skip
