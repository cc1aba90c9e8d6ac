"""A case file of ``tests/cases/consent`` as the facts of one decision; see docs/consent.md for its form."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from consent import (
    Asker,
    ConsentRecord,
    Disaster,
    Emergency,
    Facts,
    Known,
    Period,
    Policy,
    Refusal,
    Relation,
    Role,
    Scope,
    days,
    default_read_rows,
    may_record,
    read_consent,
    roles_in_force,
    scope_for,
)

Object: TypeAlias = Mapping[str, object]
FOLDER = Path(__file__).parents[2] / "cases" / "consent"


@dataclass(frozen=True, slots=True)
class Case:
    """One file, read."""

    content: Object

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(_text(self.content["now"]))

    @property
    def expected(self) -> Object:
        return _object(self.content["expected"])

    def scope(self, consents: Iterable[ConsentRecord] | None = None) -> Scope | Refusal:
        """What the caller of the case may see; its consents are read, unless they are given."""
        return scope_for(
            self._asker(),
            self.policy(),
            patients=self._patients(),
            relations=[
                Relation(
                    _text(one["patient"]),
                    _text(one.get("organisation")) or None,
                    _text(one.get("person")) or None,
                    _days(one),
                    pending=one.get("pending") is True,
                )
                for one in _objects(self.content.get("relations"))
            ],
            consents=self._read() if consents is None else consents,
            emergencies=[
                Emergency(
                    "emergency",
                    _text(one["patient"]),
                    _text(one["organisation"]),
                    _text(one["person"]),
                    datetime.fromisoformat(_text(one["until"])),
                )
                for one in _objects(self.content.get("emergencies"))
            ],
            disasters=[
                Disaster("disaster", _words(one["organisations"]), _words(one["residents"]), _days(one))
                for one in _objects(self.content.get("disasters"))
            ],
            now=self.now,
            token_allows=self.content.get("token-allows") is not False,
        )

    def facts(self) -> Facts:
        """The resource that is asked for."""
        return facts_of(_object(self.content["resource"]))

    def recording(self) -> str | None:
        """Why the organisation named in ``writer`` may not record the first consent."""
        writer = _object(self.content["writer"])
        (consent, *_) = _objects(self.content["consents"])
        return may_record(consent, _text(writer["organisation"]), _text(writer["organisation-kind"]))

    def _patients(self) -> list[str]:
        """Those whom the resource is about; all of whom anything is said, where many resources are asked for."""
        if "resource" in self.content:
            return list(self.facts().patients)
        said = [*_objects(self.content.get("relations")), *_objects(self.content.get("emergencies"))]
        helped = [one for disaster in _objects(self.content.get("disasters")) for one in _list(disaster["residents"])]
        return list(dict.fromkeys([*(_text(one["patient"]) for one in said), *helped]))

    def _read(self) -> list[ConsentRecord]:
        read = [read_consent(consent, self.known()) for consent in _objects(self.content.get("consents"))]
        return [consent for consent in read if consent]

    def _asker(self) -> Asker:
        asker = _object(self.content["asker"])
        organisation, person = _text(asker["organisation"]), _text(asker.get("person")) or None
        profession = _text(asker.get("profession")) or None
        membership, role = _days(_object(asker.get("member", {}))), _days(_object(asker.get("role", {})))
        in_force = membership.covers(self.now)
        if person and profession:
            roles = [Role(profession, organisation, role)]
            in_force = roles_in_force(organisation, profession, membership, roles, self.now)
        kind, purpose = _text(asker["organisation-kind"]), _text(asker["purpose"])
        return Asker(organisation, kind, purpose, in_force, person, profession)

    def policy(self) -> Policy:
        """The share table."""
        table = self.table()
        read = _objects(table["read"]) if "read" in table else default_read_rows()
        return Policy.from_rows(_objects(table["publish"]), read, _objects(table.get("write")))

    def table(self) -> Object:
        """The share table as it is written down."""
        named = self.content.get("policy", "yukimi")
        return _table(named) if isinstance(named, str) else _object(named)

    def known(self) -> Known:
        """Whom its consents may name."""
        registry = _object(self.content["known"]) if "known" in self.content else _table("registry")
        proxies = {(_text(one["patient"]), _text(one["proxy"])) for one in _objects(registry["proxies"])}
        return Known(_words(registry["organisations"]), _words(registry["people"]), proxies)


def facts_of(resource: Object) -> Facts:
    """The facts that are stamped on a resource."""
    return Facts(
        patients=tuple(_list(resource["patients"])),
        source=_text(resource["source"]),
        source_kind=_text(resource["source-kind"]),
        category=_text(resource["category"]),
        reference=_text(resource["reference"]),
        labels=_words(resource.get("labels")),
        clinical_date=_text(resource.get("clinical-date")) or None,
        withheld=resource.get("entered-in-error") is True,
        directory=resource.get("directory") is True,
    )


def cases() -> Iterator[tuple[str, Case]]:
    """Every case file, by its name."""
    for path in sorted(FOLDER.glob("*.json")):
        yield path.stem, Case(_object(json.loads(path.read_text(encoding="utf-8"))))


def _table(name: str) -> Object:
    return _object(json.loads((FOLDER / "tables" / f"{name}.json").read_text(encoding="utf-8")))


def _days(value: Object) -> Period:
    return days(_text(value.get("from")), _text(value.get("to")))


def _object(value: object) -> Object:
    assert isinstance(value, dict), value
    return value


def _objects(value: object) -> list[Object]:
    assert value is None or isinstance(value, list), value
    return [_object(one) for one in value or []]


def _list(value: object) -> list[str]:
    assert value is None or isinstance(value, list), value
    return [_text(one) for one in value or []]


def _words(value: object) -> frozenset[str]:
    return frozenset(_list(value))


def _text(value: object) -> str:
    assert value is None or isinstance(value, str), value
    return value or ""
