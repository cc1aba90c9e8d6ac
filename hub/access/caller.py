"""Step 1 of both paths: a token → who asks, as the registry says now (CONSENT.md §1)."""

from hub.context import Caller, Context, Credential
from hub.errors import Refused, Unauthenticated
from hub.store import registry
from hub.store.database import Tx


def authenticate(tx: Tx, credential: Credential, context: Context) -> Caller:
    """The living caller behind a token.

    Raises ``Unauthenticated``, with one answer for expired, ended, foreign and invented tokens, ``Refused`` for a
    system that names another purpose of use than its registration (CONSENT.md §1).
    """
    caller = registry.caller(tx, credential, context.now)
    if caller is None:
        raise Unauthenticated("The access token is not valid. Ask for a new one.", reason="token")
    if caller.system and credential.purpose not in ("", caller.purpose):
        raise Refused(f"This system is registered for the purpose {caller.purpose}.", reason="purpose")
    return caller


def nobody(credential: Credential) -> Caller:
    """For the log: somebody who could not show who they are."""
    return Caller("", "", "", None, None, "", None, "", credential.purpose, False, False, credential.fingerprint[-32:])
