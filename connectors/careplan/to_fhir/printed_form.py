"""What the blanks and the numbers of a form mean: a file holds the form as it would be printed."""

from connectors.careplan.parse import Row


def told(rows: list[Row], names: tuple[str, ...], group: tuple[str, ...]) -> list[dict[str, str]]:
    """The cells ``names`` of each row; a blank stands for the row above, within the same numbers ``group``."""
    above: dict[tuple[str, ...], dict[str, str]] = {}
    found = []
    for row in rows:
        key = tuple(row[name] for name in group)
        above[key] = {name: row[name] or above.get(key, {}).get(name, "") for name in names}
        found.append(above[key])
    return found


def numbered(rows: list[Row], names: tuple[str, ...]) -> list[str]:
    """The numbers of each row (``1-1-2``); a repeated one is told apart by how often it came before."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        numbers = "-".join(row[name] or "0" for name in names)
        seen[numbers] = seen.get(numbers, 0) + 1
        found.append(numbers if seen[numbers] == 1 else f"{numbers}:{seen[numbers]}")
    return found
