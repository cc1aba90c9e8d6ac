"""A page of documentation as a test reads it: its code blocks, its headings, its table rows, its links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| *`([^`]+)`", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """Commands that a reader pastes, and what they print; ``…`` stands for anything, no text for no promise."""

    commands: str
    prints: str | None


def pages() -> list[Path]:
    """Every Markdown page of the repository."""
    hidden = {".venv", ".git", "node_modules", ".pytest_cache", ".hypothesis"}
    found = (path for path in ROOT.rglob("*.md") if not hidden & set(path.relative_to(ROOT).parts))
    return sorted(found)


def steps(page: Path) -> list[Step]:
    """The ``sh`` blocks of a page in order, each with the ``text`` block that follows it directly."""
    blocks = [(match[1], match[2], match.start(), match.end()) for match in _BLOCK.finditer(page.read_text("utf-8"))]
    text = page.read_text("utf-8")
    found = []
    for place, (language, code, _, end) in enumerate(blocks):
        if language == "sh":
            following = blocks[place + 1] if place + 1 < len(blocks) else None
            answers = following is not None and following[0] == "text" and not text[end : following[2]].strip()
            found.append(Step(code, following[1] if following is not None and answers else None))
    return found


def headings(page: Path) -> set[str]:
    """The headings of a page, without backquotes."""
    prose = _BLOCK.sub("", page.read_text("utf-8"))
    return {heading.replace("`", "").strip() for heading in _HEADING.findall(prose)}


def row_names(page: Path) -> set[str]:
    """What stands in backquotes at the start of a table's rows."""
    return set(_ROW.findall(page.read_text("utf-8")))


def links(page: Path) -> set[str]:
    """Where a page points to, outside its code."""
    prose = re.sub(r"`[^`\n]*`", "", _BLOCK.sub("", page.read_text("utf-8")))
    return set(_LINK.findall(prose))


def code_words(page: Path) -> list[str]:
    """What stands in backquotes within the prose."""
    return re.findall(r"`([^`\n]+)`", _BLOCK.sub("", page.read_text("utf-8")))


def is_as_promised(promised: str, printed: str) -> bool:
    """Whether ``printed`` is ``promised``, in which ``…`` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in promised.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
