"""One text for both engines: how a statement reads for PostgreSQL."""

import pytest

from hub.store.sql import _numbered


@pytest.mark.parametrize(
    ("written", "read", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("a = :a AND b = :b_2", "a = $1 AND b = $2", ("a", "b_2")),
        ("a = :a OR b = :b OR c = :a", "a = $1 OR b = $2 OR c = $1", ("a", "b")),
        ("x::text = :x AND y::bigint = 1", "x::text = $1 AND y::bigint = 1", ("x",)),
        ("a = 'javascript:alert' AND b = :b", "a = 'javascript:alert' AND b = $1", ("b",)),
        ("a = 'it''s :no' AND b = :b", "a = 'it''s :no' AND b = $1", ("b",)),
        ("a LIKE '100%' AND instr(:t, a) > 0", "a LIKE '100%' AND strpos($1, a) > 0", ("t",)),
    ],
)
def test_names_become_numbers_and_nothing_else_changes(written: str, read: str, names: tuple[str, ...]) -> None:
    assert _numbered(written) == (read.encode(), names)
