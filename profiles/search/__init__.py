"""Search (FHIR R4 §3.1.1): the parameters of each type, the index rows of a resource, and queries read from a URL.

``search/parameters.csv`` and ``own.csv`` are the one list; the CapabilityStatement, the index and the query parser all
follow it.
"""

from profiles.search.conditions import modifiers_of
from profiles.search.index import index
from profiles.search.parameters import Parameter, parameter, parameters_of
from profiles.search.parse import parse_query
from profiles.search.query import Condition, Include, Link, Query, UnknownParameter, patients_named
from profiles.search.rows import CompositeRow, DateRow, IndexRow, NumberRow, ReferenceRow, StringRow, TokenRow
from profiles.search.values import (
    BadParameter,
    CompositeValue,
    DateValue,
    NumberValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)

__all__ = [
    "BadParameter",
    "CompositeRow",
    "CompositeValue",
    "Condition",
    "DateRow",
    "DateValue",
    "Include",
    "IndexRow",
    "Link",
    "NumberRow",
    "NumberValue",
    "Parameter",
    "Query",
    "ReferenceRow",
    "ReferenceValue",
    "StringRow",
    "StringValue",
    "TokenRow",
    "TokenValue",
    "UnknownParameter",
    "Value",
    "index",
    "modifiers_of",
    "parameter",
    "parameters_of",
    "parse_query",
    "patients_named",
]
