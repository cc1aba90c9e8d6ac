"""What can go wrong, as a few kinds, each with its HTTP status and FHIR issue code (FHIR R4 §3.1.0.1.4).

HubError
├── Malformed        400 structure        the bytes are not what the door takes
├── Invalid          422 invalid          readable, but not valid R4 or not the claimed profile
├── Unauthenticated  401 login            no token, or not a living one
├── Refused          403 forbidden        the caller may know of the thing, but may not do this
├── NotFound         404 not-found        no such thing, or none that the caller may know of
├── Gone             410 deleted          the caller's own thing, deleted
├── NotSupported     405/406/415          the door does not do this
├── Conflict         409 conflict         two answers possible, or another one at work
├── Stale            412 conflict         If-Match names an older version
├── TooLarge         413 too-long         over the size limit
├── TooMany          429 throttled        too many requests or attempts; try again later
└── Busy             503 transient        the store cannot take the work now; try again
"""

from collections.abc import Sequence
from dataclasses import dataclass

NOT_FOR_ROLE = "not-for-role"
"""The reason of a refusal of a whole page or operation by who asks: no rule about a resident's information decided."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding to show: FHIR issue severity and code, where (FHIRPath or ""), and a sentence."""

    severity: str
    code: str
    place: str
    text: str


class HubError(Exception):
    """A refusal that the caller is told of.

    ``reason`` and ``rules`` go to the access log only (CONSENT.md §4 reason codes where one fits, ids of the rules).
    """

    status = 500
    code = "exception"

    def __init__(
        self, text: str, *, reason: str = "", problems: Sequence[Problem] = (), rules: Sequence[str] = ()
    ) -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason or type(self).__name__.lower()
        self.rules = tuple(rules)
        self.problems = tuple(problems)

    def outcome(self) -> tuple[Problem, ...]:
        """What an OperationOutcome lists: the findings, or the one sentence."""
        return self.problems or (Problem("error", self.code, "", self.text),)


class Malformed(HubError):
    status, code = 400, "structure"


class Invalid(HubError):
    status, code = 422, "invalid"


class Unauthenticated(HubError):
    status, code = 401, "login"


class Refused(HubError):
    status, code = 403, "forbidden"


class NotFound(HubError):
    status, code = 404, "not-found"


class Gone(HubError):
    status, code = 410, "deleted"


class NotSupported(HubError):
    code = "not-supported"

    def __init__(self, text: str, *, status: int = 405) -> None:
        super().__init__(text)
        self.status = status


class Conflict(HubError):
    status, code = 409, "conflict"


class Stale(HubError):
    status, code = 412, "conflict"


class TooLarge(HubError):
    status, code = 413, "too-long"


class TooMany(HubError):
    """``retry_after`` is in seconds; ``limit`` names the limit of requests that was reached (``hub/rates.py``)."""

    status, code = 429, "throttled"

    def __init__(self, text: str, *, retry_after: int, limit: str = "") -> None:
        super().__init__(text, reason="throttled")
        self.retry_after = retry_after
        self.limit = limit

    @property
    def headers(self) -> dict[str, str]:
        """When to come again, for every kind of answer (draft-ietf-httpapi-ratelimit-headers)."""
        reached = {"RateLimit": f'"{self.limit}";r=0;t={self.retry_after}'} if self.limit else {}
        return {"Retry-After": str(self.retry_after), **reached}


class Busy(HubError):
    status, code = 503, "transient"


def not_found(reason: str = "unknown", rules: Sequence[str] = ()) -> NotFound:
    """The one answer for what does not exist and for what the caller may not know of (CONSENT.md §5)."""
    return NotFound("There is no such resource here.", reason=reason, rules=rules)
