"""FHIR R4 and JP Core knowledge without a database or a network: read, validate, normalise, classify, index, search.

A resource is read with ``read_json``, checked with ``validate``, brought to one form with ``normalise``; what the hub
must know about it then comes from ``category_of``, ``labels_of``, ``patients_of``, ``clinical_date`` and ``index``.
"""

from profiles.categories import category_name, category_names, category_of, is_directory
from profiles.compartment import patients_of
from profiles.folding import fold_name
from profiles.issues import Issue
from profiles.json import MalformedJson, read_json, write_json
from profiles.labels import is_entered_in_error, labels_of
from profiles.normalise import canonical_identifier, canonical_system, normalise
from profiles.occurrence import clinical_date, occurred
from profiles.references import references, rewrite, target_type
from profiles.resource import FhirDecimal, Json, Resource
from profiles.rules.references import TYPES as RESOURCE_TYPES
from profiles.search import (
    BadParameter,
    Condition,
    DateValue,
    IndexRow,
    Parameter,
    Query,
    ReferenceValue,
    StringValue,
    TokenValue,
    UnknownParameter,
    index,
    parameters_of,
    parse_query,
)
from profiles.validate import check, validate

__all__ = [
    "RESOURCE_TYPES",
    "BadParameter",
    "Condition",
    "DateValue",
    "FhirDecimal",
    "IndexRow",
    "Issue",
    "Json",
    "MalformedJson",
    "Parameter",
    "Query",
    "ReferenceValue",
    "Resource",
    "StringValue",
    "TokenValue",
    "UnknownParameter",
    "canonical_identifier",
    "canonical_system",
    "category_name",
    "category_names",
    "category_of",
    "check",
    "clinical_date",
    "fold_name",
    "index",
    "is_directory",
    "is_entered_in_error",
    "labels_of",
    "normalise",
    "occurred",
    "parameters_of",
    "parse_query",
    "patients_of",
    "read_json",
    "references",
    "rewrite",
    "target_type",
    "validate",
    "write_json",
]
