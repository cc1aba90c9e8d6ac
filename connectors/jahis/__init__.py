"""JAHIS 電子版お薬手帳 (JAHISTC) → FHIR.

``convert`` is the connector; ``parse`` gives the typed tree alone; ``join`` puts the parts of a
split file together first.
"""

from connectors.jahis.parse import parse
from connectors.jahis.split import join
from connectors.jahis.to_fhir import convert

__all__ = ["convert", "join", "parse"]
