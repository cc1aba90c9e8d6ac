"""The changes themselves (``make mutants`` makes them of the code that decides about access)."""

from tests.mutation.mutants import compiled, mutants

SOURCE = '''
"""A docstring is left alone."""
KNOWN = "physician nurse"
def admits(day: int, labels: set[str], cleared: set[str]) -> bool:
    """And so is this one."""
    if not labels:
        return True
    if day >= 90:
        raise ValueError("too old")
    return labels <= cleared and all(label.startswith("H") for label in labels)
def sql(row):
    return f"{row}.withheld = 0 AND {row}.patient = :who"
'''


def test_every_kind_of_change_is_made_once() -> None:
    assert [f"{one.within}: {one.what}" for one in mutants("a.py", SOURCE)] == [
        ": 'physician nurse' → 'nurse'",
        ": 'physician nurse' → 'physician'",
        "admits: not labels → labels",
        "admits: True → False",
        "admits: day >= 90 → day > 90",
        "admits: 90 → 91",
        "admits: raise ValueError('too old') → pass",
        "admits: return labels <= cleared and all((label.startswith('H') for label in labels)) → return None",
        "admits: labels <= cleared and all((label.startswith('H') for label in labels))"
        " → labels <= cleared or all((label.startswith('H') for label in labels))",
        "admits: labels <= cleared and all((label.startswith('H') for label in labels))"
        " → all((label.startswith('H') for label in labels))",
        "admits: labels <= cleared and all((label.startswith('H') for label in labels)) → labels <= cleared",
        "admits: labels <= cleared → labels < cleared",
        "admits: all((label.startswith('H') for label in labels)) → any((label.startswith('H') for label in labels))",
        "admits: label.startswith('H') → not label.startswith('H')",
        "admits: 'H' → 'Hx'",
        "sql: return f'{row}.withheld = 0 AND {row}.patient = :who' → return None",
        "sql: '.withheld = 0 AND ' → '.withheld = 0 OR '",
        "sql: '.withheld = 0 AND ' → '.withheld <> 0 AND '",
        "sql: '.withheld = 0 AND ' → '.withheld = 1 AND '",
    ]


def test_a_change_is_in_the_module_that_is_made_of_it() -> None:
    known: dict[str, str] = {}
    exec(compiled("a.py", SOURCE, 0), known)  # noqa: S102 - the sample above
    assert known["KNOWN"] == "nurse"
