"""Folders of NDJSON files (FHIR Bulk Data exports) → transaction Bundles that follow one another.

The contract with the hub:

- every entry has ``fullUrl`` = ``{base}/{type}/{id}`` and is a POST;
- references stay as they are; the hub resolves a relative one against the base of its entry's
  ``fullUrl``, and remembers each source's full URLs, so that a later bundle can refer to what an
  earlier one stored;
- therefore the bundles are sent in order: the directory, devices and patients first, then bundle by
  bundle the resources of one patient, what is referred to before what refers to it; last what is
  about no patient but refers to such resources (Provenance).
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from connectors.conversion import Unmapped
from connectors.fhir.order import chunks, in_order
from connectors.fhir.to_transaction import own_url, source_base
from connectors.transaction import create, transaction
from profiles import MalformedJson, Resource, is_directory, patients_of, read_json, references, target_type
from profiles.resource import as_text


def ndjson_files(folder: Path) -> list[Path]:
    """The ``*.ndjson`` and ``*.ndjson.gz`` files of ``folder``, by name."""
    return sorted(path for path in folder.iterdir() if path.name.endswith((".ndjson", ".ndjson.gz")))


def bundles(
    paths: Iterable[Path],
    organisation: str,
    report: Callable[[Unmapped], None],
    *,
    size: int = 100,
    base: str | None = None,
) -> Iterator[Resource]:
    """Transaction Bundles of at most ``size`` entries; ``base`` is by default ``source_base(organisation)``.

    A line that is no resource goes to ``report`` with its file and line; the others go on.  All files
    are read before the first bundle; the lines of patients' resources are held as bytes.
    """
    base = base or source_base(organisation)
    first: list[Resource] = []
    later: dict[str, list[bytes]] = {}
    for line, resource in _lines(paths, report):
        patient = next(iter(patients_of(resource)), "")
        if resource["resourceType"] == "Patient" or (not patient and _is_free(resource)):
            first.append(resource)
        else:
            later.setdefault(patient, []).append(line)
    yield from _transactions(first, base, size)
    last = later.pop("", [])
    for lines in (*later.values(), last):
        yield from _transactions([cast(Resource, read_json(line)) for line in lines], base, size)


def _is_free(resource: Resource) -> bool:
    """Whether the resource refers only to the directory and to patients, and so can stand before their resources."""
    kinds = {target_type(str(holder["reference"])) for _, holder in references(resource)}
    return all(kind in {"", "Patient", "Device"} or is_directory({"resourceType": kind}) for kind in kinds)


def _transactions(resources: list[Resource], base: str, size: int) -> Iterator[Resource]:
    urls = [own_url(resource, base) for resource in resources]
    for chunk in chunks(in_order(resources, urls, base), size):
        yield transaction(create(resources[at], urls[at]) for at in chunk)


def _lines(paths: Iterable[Path], report: Callable[[Unmapped], None]) -> Iterator[tuple[bytes, Resource]]:
    for path in paths:
        for number, line in _numbered(path, report):
            place = f"{path.name}, line {number}"
            shown = line[:80].decode("utf-8", "replace")
            try:
                resource = read_json(line)
            except MalformedJson as error:
                report(Unmapped(place, "line", shown, f"it is not FHIR JSON: {error}"))
                continue
            if isinstance(resource, dict) and as_text(resource.get("resourceType")):
                yield line, resource
            else:
                report(Unmapped(place, "line", shown, "it is no resource: it has no resourceType"))


def _numbered(path: Path, report: Callable[[Unmapped], None]) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that hold something, from 1; a damaged gzip file is read as far as it goes."""
    number = 0
    with _opened(path) as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            why = f"the compressed file is damaged from here: {error}"
            report(Unmapped(f"{path.name}, line {number + 1}", "file", "", why))


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
