"""Changing a part of a resource: JSON Patch (RFC 6902), FHIRPath Patch (FHIR R4 §3.1.0.10), Merge Patch (RFC 7396).

Pure.  ``read_json_patch``, ``read_fhirpath_patch`` and ``read_merge_patch`` check a patch document and give a
``Patch``, which ``apply`` applies to a resource.  The resource that is given is never changed.
"""

from profiles.patch.document import Patch, apply, read_fhirpath_patch, read_json_patch, read_merge_patch
from profiles.patch.failure import PatchFailed

__all__ = ["Patch", "PatchFailed", "apply", "read_fhirpath_patch", "read_json_patch", "read_merge_patch"]
