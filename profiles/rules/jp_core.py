"""What JP Core and the clinical-core profiles require beyond R4, from ``jp_core.csv`` (FACTS §1.3, §2.4).

A row: a profile, the path that it requires, ``once`` (at least one) or ``each`` (of every parent), and for slices the
system (its old name counts too) and code that one of the values must have.  ``of type`` marks the profile that
is meant for every resource of that type, whether it claims it or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from profiles.canonical import JPFHIR
from profiles.issues import Issue, error, warning
from profiles.normalise import canonical_system
from profiles.paths import Path, parse_path, values
from profiles.resource import Json, Resource, as_list, as_object, as_text, codings
from profiles.rules.surroundings import Rule, Surroundings
from profiles.rules.walk import is_contained
from profiles.tables import rows


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the table."""

    profile: str
    path: Path
    each: bool
    system: str
    code: str
    sentence: str

    @property
    def rule(self) -> str:
        """Its id, as in ``jp-patient-identifier``."""
        profile = self.profile.removeprefix("JP_").replace("_", "-").lower()
        return f"jp-{profile}-{self.path[-1].removesuffix('[x]').lower()}"

    def is_met(self, resource: Resource) -> bool:
        """Whether the resource has what the row asks for, or says why it is absent (data-absent-reason)."""
        *above, last = self.path
        parents = [parent for parent in values(resource, tuple(above)) if isinstance(parent, dict)]
        if self.each:
            return all(_has(parent, last) for parent in parents)
        if not self.system:
            return any(_has(parent, last) for parent in parents)
        return any(self._is_slice(value) for value in values(resource, self.path))

    def _is_slice(self, value: Json) -> bool:
        member = as_object(value)
        found = (
            codings(member) if "coding" in member else [(as_text(member.get("system")), as_text(member.get("code")))]
        )
        return any(canonical_system(system) == self.system and self.code in ("", code) for system, code in found)


def jp_core_rule(*, strict: bool) -> Rule:
    """The rule that asks a resource for what the JP profiles that it claims require: errors.

    A resource that claims none is asked for what the profile meant for its type requires: warnings, with
    ``strict`` errors.  A contained resource answers only for what it claims.  Findings name the profile.
    """
    report_unclaimed = error if strict else warning

    def check(resource: Resource, place: str, _around: Surroundings) -> Iterator[Issue]:
        claimed = _claimed(resource)
        report, profiles = (error, claimed) if claimed else (report_unclaimed, _main_profiles(resource, place))
        for profile in profiles:
            for requirement in _requirements().get(profile, ()):
                if not requirement.is_met(resource):
                    path = f"{place}.{'.'.join(requirement.path)}"
                    yield report(path, requirement.rule, f"{requirement.sentence} ({profile})")

    return check


def _has(parent: Resource, name: str) -> bool:
    if name.endswith("[x]"):
        return any(key.startswith(name[:-3]) for key in parent)
    return name in parent or f"_{name}" in parent


def _claimed(resource: Resource) -> list[str]:
    profiles = [as_text(one).partition("|")[0] for one in as_list(as_object(resource.get("meta")).get("profile"))]
    return [one.rpartition("/")[2] for one in profiles if one.startswith(JPFHIR)]


def _main_profiles(resource: Resource, place: str) -> list[str]:
    profile = _profile_of_type().get(as_text(resource.get("resourceType")))
    return [profile] if profile and not is_contained(place) else []


@cache
def _requirements() -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for row in rows("jp_core.csv"):
        is_each = row["how often"] == "each"
        requirement = Requirement(
            row["profile"], parse_path(row["path"]), is_each, row["system"], row["code"], row["sentence"]
        )
        found.setdefault(requirement.profile, []).append(requirement)
    return found


@cache
def _profile_of_type() -> dict[str, str]:
    return {row["of type"]: row["profile"] for row in rows("jp_core.csv") if row["of type"]}
