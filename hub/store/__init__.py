"""The only SQL of the hub (besides hub/access/filter.py, which writes the access predicate)."""
