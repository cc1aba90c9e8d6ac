"""ケアプランデータ連携 標準仕様 4.1版 (CSV): care plans, service slips and face sheets of long-term care → FHIR R4."""

from connectors.careplan.parse import rows
from connectors.careplan.to_fhir import entries
from connectors.conversion import ConversionError, Converted, SourceContext, decode
from connectors.transaction import transaction

__all__ = ["convert"]


def convert(data: bytes, source: SourceContext) -> Converted:
    """The transaction for one file, CP932 or UTF-8; several kinds may stand one after another in it.

    Every cell that has no place in FHIR, or that its sender should look at, is in ``unmapped``.
    Raises ``ConversionError`` with line and column; then nothing of the file is used.
    """
    text, encoding = decode(data)
    found, report = rows(text, encoding, source)
    if source.patient:
        for row in found:
            if row.insured != found[0].insured:
                raise ConversionError("a second person in a file that was sent for one", row.line, 1)
    content, more = entries(found, source)
    return Converted(transaction(content), (*report, *more), encoding)
