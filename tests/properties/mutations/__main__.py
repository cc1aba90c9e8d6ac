"""``python -m tests.properties.mutations``: print how many mutants of each corpus ``profiles.validate`` catches.

An argument says how often the same mistake is tried at the same element (5 when left out).
"""

import sys

from tests.properties.mutations.agreement import measure
from tests.properties.mutations.corpus import cohort, examples, own

often = int(sys.argv[1]) if len(sys.argv) > 1 else 5
corpora = {
    "own": own(),
    "examples": (one for _, one in examples()),
    "cohort": (one for _, one in cohort(each=40 * often)),
}
for name, resources in corpora.items():
    result = measure(resources, often)
    print(  # noqa: T201
        f"{name}: {result.resources} resources, {result.refused} not valid, {result.made.total()} mutants, "
        f"{result.caught:.2%} caught at the right path"
    )
    for mutant in result.missed:
        print(f"  missed: {mutant.what}, {mutant.where}: {', '.join(sorted(mutant.paths))}")  # noqa: T201
