"""``POST /ingest/{format}``: a native file, converted and pushed whole (DESIGN §6)."""

import re
from asyncio import to_thread
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from connectors.conversion import SourceContext
from hub.edge import bearer, body_of, context_of, doors_of
from hub.errors import Malformed
from hub.http import answers
from hub.http.bundles import response_bundle
from hub.interactions.ingest import converted, pushed, report
from hub.store import registry

_DIGITS = re.compile(r"\d{10}")


async def ingest(request: Request) -> Response:
    """The file in the body; ``?patient=`` names the person when the file does not, ``?file-name=`` its name.

    The answer is a transaction-response Bundle, and an entry more with the report of what was not mapped.
    """
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    key = request.headers.get("idempotency-key", "")
    if not key or len(key) > 255:
        raise Malformed("An Idempotency-Key header of 1 to 255 characters is needed, so that a retry has one effect.")
    caller = await doors.caller(credential, context, "ingest")
    sender = await doors.run(lambda tx: registry.organisation(tx, caller.organisation))
    assert sender is not None
    data = await body_of(request, doors.max_body)
    try:
        source = SourceContext(
            organisation_id=caller.organisation,
            organisation_name=caller.organisation_name,
            institution_number=_number(sender.institution_number),
            care_office_number=_number(sender.care_office_number),
            now=context.now,
            patient=_patient(request.query_params.get("patient", "")),
            file_name=request.query_params.get("file-name"),
        )
    except ValueError as error:
        raise Malformed(str(error)) from error
    format_ = request.path_params["format"]
    file = await to_thread(converted, format_, data, source)
    digest = sha256(f"{request.url.path}?{request.url.query}\n".encode() + data).hexdigest()
    push = await to_thread(pushed, file, strict=caller.strict, key=key, request_hash=digest)
    bundle = response_bundle(doors, await doors.write(credential, push, context), "transaction-response")
    entries = bundle["entry"]
    assert isinstance(entries, list)
    entries.append({"response": {"status": "200 OK", "outcome": answers.outcome(report(file))}})
    return answers.fhir(bundle)


def _number(text: str) -> str | None:
    return text if _DIGITS.fullmatch(text) else None


def _patient(text: str) -> str | None:
    """``?patient=`` as a reference: ``Patient/id``, or ``system|value`` of an identifier."""
    if not text:
        return None
    return text if text.startswith("Patient/") or "?" in text else f"Patient?identifier={text}"
