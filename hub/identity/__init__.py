"""Who a push is about, and what its references mean (DESIGN §3).  One ``Patient`` per resident.

``match`` is pure: which identifiers link, and when two are the same person.  ``residents`` reads and
writes the links.  ``bind`` gives every change of a push its id and its rewritten references.
"""
