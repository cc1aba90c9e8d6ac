"""FHIRPath invariants as Python: ``translate`` turns the expressions of the definitions into predicates.

A subset of FHIRPath (N1), large enough for the invariants of R4; an expression outside of it raises ``Untranslatable``
when it is translated, never when it is asked.
"""

from profiles.rules.fhirpath.parse import Untranslatable
from profiles.rules.fhirpath.translate import Predicate, translate

__all__ = ["Predicate", "Untranslatable", "translate"]
