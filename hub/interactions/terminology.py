"""$expand, $lookup, $validate-code for what the hub ships (FHIR R4 §4.8, §4.9).

They tell of no resident and read no stored resource: whoever has a living token may ask, and it is in the log.
"""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Context, instant
from hub.errors import NotFound
from hub.question import Shown
from hub.store.database import Tx
from profiles import terminology
from profiles.resource import Json, Resource
from profiles.terminology import Checked, CodeSystem, ValueSet

MOST = 1000


@dataclass(frozen=True, slots=True)
class _AboutCodes:
    """What these questions share: ``asked`` is the request as it was put, for the log."""

    asked: str
    type: str = ""

    @property
    def query(self) -> str:
        return self.asked

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand(_AboutCodes):
    """A page of a value set: the ``count`` concepts from ``offset`` on in which ``text`` is found.

    ``shaped`` are the parameters that the answer repeats.
    """

    url: str
    version: str
    text: str
    offset: int
    count: int
    language: str
    designations: bool
    shaped: tuple[tuple[str, str], ...]
    interaction: str = "operation:expand"

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Resource]:
        one = value_set(self.url, self.version)
        found = terminology.members(one, self.text)
        expanded = terminology.expansion(
            one,
            found[self.offset : self.offset + min(self.count, MOST)],
            asked=self.shaped,
            total=len(found),
            offset=self.offset,
            identifier=_uuid(context.new_id()),
            now=instant(context.now),
            language=self.language,
            designations=self.designations,
        )
        return _told(expanded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(_AboutCodes):
    """What a code of a system is called."""

    system: str
    version: str
    code: str
    language: str
    interaction: str = "operation:lookup"

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Resource]:
        one = code_system(self.system, self.version)
        concept = one.concepts.get(self.code)
        if concept is None:
            raise NotFound(f"The code system {one.url} has no code {self.code[:100]!r}.")
        return _told(terminology.looked_up(one, concept, self.language))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateCode(_AboutCodes):
    """Whether one of ``codings`` (system, code, display) is in a value set or a code system (``is_set``).

    The system of a coding is "" when only a code was given.
    """

    url: str
    version: str
    is_set: bool
    codings: tuple[tuple[str, str, str], ...]
    interaction: str = "operation:validate-code"

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Resource]:
        checked = [self._checked(*coding) for coding in self.codings]
        best = next((one for one in checked if one.result), checked[0])
        told: list[Json] = [{"name": "result", "valueBoolean": best.result}]
        told += [
            {"name": name, "valueString": text}
            for name, text in (("message", best.message), ("display", best.display))
            if text
        ]
        return _told({"resourceType": "Parameters", "parameter": told})

    def _checked(self, system: str, code: str, display: str) -> Checked:
        if self.is_set:
            return terminology.check_in_value_set(value_set(self.url, self.version), system, code, display)
        one = code_system(self.url or system, self.version)
        if system not in ("", one.url):
            return Checked(False, "", f"The coding is of {system}, not of {one.url}.")
        return terminology.check_in_code_system(one, code, display)


def value_set(url: str, version: str = "") -> ValueSet:
    """The value set of a URL.  Raises ``NotFound`` for one that the hub does not ship."""
    found = terminology.value_set(url, version)
    if found is None:
        raise NotFound(f"This hub ships no value set {url[:200]}{f', version {version[:20]}' if version else ''}.")
    return found


def code_system(url: str, version: str = "") -> CodeSystem:
    """The code system of a URL.  Raises ``NotFound`` for one that the hub does not ship."""
    found = terminology.code_system(url, version)
    if found is None:
        raise NotFound(f"This hub ships no code system {url[:200]}{f', version {version[:20]}' if version else ''}.")
    return found


def _told(answer: Resource) -> Shown[Resource]:
    return Shown(answer, {}, "directory", (), "directory")


def _uuid(hexadecimal: str) -> str:
    return "-".join(hexadecimal[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
