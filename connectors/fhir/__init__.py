"""FHIR R4 JSON as systems export it → transaction Bundles.

``convert`` takes one Bundle, resource or NDJSON text; ``bundles`` takes folders of NDJSON files.
"""

from connectors.fhir.folder import bundles, ndjson_files
from connectors.fhir.to_transaction import convert, source_base

__all__ = ["bundles", "convert", "ndjson_files", "source_base"]
