"""Every format that ``/ingest/{format}`` and ``renkei convert`` know.  A new format adds one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from connectors import careplan, fhir, jahis
from connectors.conversion import Converted, SourceContext


@dataclass(frozen=True, slots=True)
class Format:
    """``title`` is for people, ``media_types`` what a sender may call it, ``convert`` the connector itself."""

    name: str
    title: str
    media_types: tuple[str, ...]
    description: str
    convert: Callable[[bytes, SourceContext], Converted]


_ALL = (
    Format(
        "fhir",
        "FHIR R4",
        ("application/fhir+json", "application/json", "application/fhir+ndjson", "application/x-ndjson"),
        "FHIR R4 の Bundle・単独リソース・NDJSON（JP-CLINS 6情報、診療情報提供書、IPS などの文書を含む）",
        fhir.convert,
    ),
    Format(
        "jahis",
        "電子版お薬手帳（JAHISTC）",
        ("text/csv", "text/plain"),
        "JAHIS 電子版お薬手帳データフォーマット：調剤・服薬・アレルギー歴・残薬など",
        jahis.convert,
    ),
    Format(
        "careplan",
        "ケアプランデータ連携（標準仕様4.1版）",
        ("text/csv",),
        "厚生労働省 ケアプランデータ連携標準仕様の CSV：居宅サービス計画書・予定・実績・利用者情報",
        careplan.convert,
    ),
)

FORMATS: dict[str, Format] = {one.name: one for one in _ALL}


class UnknownFormat(LookupError):
    """There is no connector of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
        self.name = name


def convert(name: str, data: bytes, source: SourceContext) -> Converted:
    """``data`` in the format ``name`` as a transaction Bundle and a report.

    Raises ``UnknownFormat``, and ``ConversionError`` when the data is damaged.
    """
    try:
        connector = FORMATS[name]
    except KeyError as error:
        raise UnknownFormat(name) from error
    return connector.convert(data, source)
