"""The one door to the consent engine: ``filter.predicate`` writes a ``consent.Scope`` as SQL."""
