"""What the hub checks beyond the structure of R4: one module a subject.

``plan`` compiles, for each type and for the profiles that a resource claims, what there is to check, and visits every
object of a resource once.  A rule is a function of an object, its place and the resource around it; a check one of the
value of an element.  Both report to ``Surroundings``.
"""
