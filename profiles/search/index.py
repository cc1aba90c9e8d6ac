"""The rows by which a resource is found."""

from profiles.resource import Resource
from profiles.search.emitting import Rows
from profiles.search.plan import plan_of, resource_type_of
from profiles.search.rows import IndexRow


def index(resource: Resource, patient: str = "") -> list[IndexRow]:
    """The search index rows of a resource, without repeats; ``patient`` is the id under which it is kept.

    References that only say so again (``Parameter.of_patient``, to ``Patient/<patient>``) have no row: the store's
    own column answers them.  Systems have the newest of their names, identifiers stand as written and in their
    canonical form.  Values that cannot be read, and contained resources, give no row.
    """
    plan = plan_of(resource_type_of(resource))
    own = f"Patient/{patient}" if patient else ""
    rows: Rows = []
    handles = plan.elements
    for name, value in resource.items():
        if name in handles and value is not None:
            handles[name](value, rows, own)
    for names, handle in plan.whole:
        if not names.isdisjoint(resource):
            handle(resource, rows, own)
    return list(dict.fromkeys(rows))
