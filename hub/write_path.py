"""THE way in (DESIGN §2).  Every door (FHIR create, update, transaction, ingest, seed) ends here.

1 receive, 2 authenticate, 3 parse or convert, 4 normalise and validate happen before the lane
(``hub/http``, ``hub/interactions/receive.py``).  What follows is one transaction of the lane: either all of
it is on disk before the answer leaves, or nothing of it is.  11, telling others, reads the outbox.
"""

from hub.access import authorise, compiled, unreadable
from hub.access.caller import authenticate
from hub.context import Context, Credential
from hub.draft import Draft, Written
from hub.identity import residents, retries
from hub.identity.bind import bind
from hub.notify import accept
from hub.projections.rows import audit_rows, outbox_rows, relation_rows, replaced_rows, search_rows, timeline_rows
from hub.projections.version import outcome
from hub.store import audit, outbox, relations, resources, search, timeline
from hub.store.database import Tx


def write(tx: Tx, credential: Credential, draft: Draft, context: Context) -> tuple[Written, ...]:
    """Store a whole push, or raise and store nothing of it.

    Raises ``Unauthenticated``, ``Refused``, ``NotFound``, ``Invalid``, ``Conflict`` or ``Stale``; the lane
    undoes what was begun and records the refusal.  A retry under the same key gets the first answer.
    """
    caller = authenticate(tx, credential, context)
    earlier = retries.earlier(tx, caller, draft, context)
    if earlier is not None:
        return earlier

    # 5 authorise: whose it is, what its references mean, and the rules as they stand in this transaction
    binding = bind(tx, caller, draft, context)
    binding.bounds, secrets = accept.taken_up(tx, caller, binding.bounds, context)
    registered = frozenset(resident.patient for resident in binding.residents)
    grant = authorise.write(tx, caller, binding.bounds, registered, context)

    # 6 store current + history
    for resident in binding.residents:
        residents.record(tx, resident.patient, resident.person, resident.doubts, caller, context)
        relations.first_contact(tx, resident.patient, caller.organisation, grant.today)
    outcomes = [outcome(bound, facts, context) for bound, facts in zip(binding.bounds, grant.facts, strict=True)]
    new = [one for one in outcomes if one.is_new]
    replaced = [one.before for one in new if one.before is not None]
    first_key = resources.put(tx, [one.version for one in new], replaced)
    resources.remember_as(tx, caller.organisation, binding.names)

    # 7 search index
    search.remove(tx, replaced_rows(replaced))
    search.put(tx, search_rows(outcomes, first_key))

    # 8 timeline projection, the relations that care teams make, consents as rows, and what subscriptions ask for
    timeline.put(tx, timeline_rows(outcomes, caller, context), {(one.type, one.id) for one in replaced})
    for patient, team, members in relation_rows(outcomes, grant.teams_count, grant.organisations, grant.own):
        relations.replace(tx, patient, team, members)
    compiled.keep(tx, outcomes)
    unreadable.tell(tx, outcomes, caller, context)
    accept.keep(tx, caller, outcomes, secrets, context)

    # 9 audit record
    audit.put(tx, audit_rows(outcomes, caller, draft.interaction, context))

    # 10 outbox, and the answer for a retry
    outbox.put(tx, outbox_rows(outcomes, context))
    answer = binding.answer(one.written for one in outcomes)
    retries.remember(tx, caller, draft, answer, context)
    return answer
