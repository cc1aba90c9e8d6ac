"""What the hub checks beyond the structure of R4: one module a subject, each giving ``Issue`` values.

``walk`` visits every object of a resource once and asks, by the object's FHIR type, the rules of ``TABLE`` in
``validate``.  A rule is a function of the object, its FHIRPath place and the resource around it.
"""
