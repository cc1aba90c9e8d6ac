"""Reading the demo city's folder: the one place of this package that opens files."""

import tomllib
from pathlib import Path

from hub.demo.chart import Demo
from hub.demo.push import read_demo


def load(folder: Path) -> Demo:
    """The demo city of ``folder`` (``city.toml``, ``catalogue.toml``, ``residents/*.toml``).

    Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
    """
    residents = [_read(path) for path in sorted(folder.glob("residents/*.toml"))]
    return read_demo(_read(folder / "city.toml"), _read(folder / "catalogue.toml"), residents)


def _read(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return tomllib.load(file)
