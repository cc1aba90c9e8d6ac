"""Search (FHIR R4 §3.1.1): the parameters of each type, the index rows of a resource, and queries read from a URL.

``search/parameters.csv`` is the one list; the CapabilityStatement, the index and the query parser all follow it.
"""

from profiles.search.index import IndexRow, index
from profiles.search.parameters import Parameter, parameters_of
from profiles.search.query import BadParameter, Condition, Query, UnknownParameter, parse_query
from profiles.search.values import DateValue, ReferenceValue, StringValue, TokenValue, Value

__all__ = [
    "BadParameter",
    "Condition",
    "DateValue",
    "IndexRow",
    "Parameter",
    "Query",
    "ReferenceValue",
    "StringValue",
    "TokenValue",
    "UnknownParameter",
    "Value",
    "index",
    "parameters_of",
    "parse_query",
]
