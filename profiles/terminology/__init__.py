"""The code systems and value sets that the hub ships, the questions about them, and its definitions as resources.

Ours have the canonical base of ``profiles.canonical``; the others are those of R4's required bindings.  A member may
store other CodeSystems and ValueSets as it stores any resource: nothing here knows of them.
"""

from profiles.terminology.answer import (
    Checked,
    Member,
    check_in_code_system,
    check_in_value_set,
    code_system,
    members,
    value_set,
)
from profiles.terminology.concepts import CodeSystem, Concept, ValueSet, code_systems, value_sets
from profiles.terminology.resources import definitions_of_the_hub, expansion, looked_up

__all__ = [
    "Checked",
    "CodeSystem",
    "Concept",
    "Member",
    "ValueSet",
    "check_in_code_system",
    "check_in_value_set",
    "code_system",
    "code_systems",
    "definitions_of_the_hub",
    "expansion",
    "looked_up",
    "members",
    "value_set",
    "value_sets",
]
