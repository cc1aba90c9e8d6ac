"""Source formats → FHIR: one folder a format, with its samples; formats do not import one another.

``convert`` turns a file of a format of ``FORMATS`` into a transaction Bundle and a report of what has no
place in it, or raises ``ConversionError`` and uses nothing.  Nothing here knows the hub: the agent at
the source runs the same code.
"""

from connectors.conversion import ConversionError, Converted, SourceContext, Unmapped
from connectors.registry import FORMATS, Format, UnknownFormat, convert

__all__ = [
    "FORMATS",
    "ConversionError",
    "Converted",
    "Format",
    "SourceContext",
    "UnknownFormat",
    "Unmapped",
    "convert",
]
