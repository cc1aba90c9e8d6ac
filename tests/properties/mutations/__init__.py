"""Broken copies of valid resources: each breaks one rule of R4 or JP Core and says where that must be reported.

``mutants`` of a resource are deterministic; ``python -m tests.properties.mutations`` measures how many of them
``profiles.validate`` finds at the right path (docs/validation.md).
"""

from tests.properties.mutations.mutant import Mutant, is_caught, mutants

__all__ = ["Mutant", "is_caught", "mutants"]
