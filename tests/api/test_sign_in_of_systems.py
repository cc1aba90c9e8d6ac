"""``POST /oauth/token`` with real signatures (TRUST T-001 … T-033): who gets a token, and what it is good for."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from starlette.testclient import TestClient

from hub.app import create_app
from hub.settings import Settings
from tests.api.changing import change_city
from tests.hub_in_test import BASE_URL, Body, City, sign_in, small_city

TOKEN_URL = f"{BASE_URL}/oauth/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WHOLE = "system/*.cruds"
HEADER = {"alg": "ES384", "kid": "hosp-ehr-1", "typ": "JWT"}


def claims_of(city: City, system: str = "hosp-ehr", **more: object) -> Body:
    moment = int(city.clock.now.timestamp())
    claims = {"iss": system, "sub": system, "aud": TOKEN_URL, "exp": moment + 240, "jti": uuid4().hex, **more}
    return {name: value for name, value in claims.items() if value is not None}


def own_key(city: City, system: str = "hosp-ehr") -> ECKey:
    return ECKey.import_key(json.loads((city.keys / "keys" / f"{system}.private.json").read_text(encoding="ascii")))


def signed(city: City, claims: Body, *, header: Body | None = None, key: ECKey | RSAKey | None = None) -> str:
    """An assertion, with our key and header unless others are given; what is None in ``header`` is left out."""
    system = str(claims.get("iss", "hosp-ehr"))
    whole = {"alg": "ES384", "kid": f"{system}-1", "typ": "JWT", **(header or {})}
    given = {name: value for name, value in whole.items() if value is not None}
    body = json.dumps(claims).encode()
    return jws.serialize_compact(given, body, key or own_key(city, system), algorithms=[str(given["alg"])])


def post(city: City, assertion: str, client: TestClient | None = None, **more: str) -> httpx2.Response:
    form = {
        "grant_type": "client_credentials",
        "scope": WHOLE,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        **more,
    }
    return (client or city.client).post("/oauth/token", data=form)


def register(city: City, system: str, *keys: ECKey | RSAKey) -> None:
    """Put these public keys in the place of a system's."""
    jwks = {"keys": [key.as_dict(private=False) for key in keys]}
    (city.keys / "keys" / f"{system}.jwks.json").write_text(json.dumps(jwks), encoding="ascii")
    change_city(city)


def reads(city: City, token: str) -> int:
    """The status of a request with this token."""
    answer = city.client.get("/fhir/Organization/hosp", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


# -- what is right


def test_a_signed_assertion_gets_a_short_token(city: City) -> None:
    answer = post(city, signed(city, claims_of(city)))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    told = answer.json()
    assert (told["token_type"], told["scope"]) == ("bearer", WHOLE)
    assert 0 < told["expires_in"] <= 300
    assert len(told["access_token"]) >= 43
    assert reads(city, told["access_token"]) == 200


def test_rs384_is_taken_from_a_system_that_registered_such_a_key(city: City) -> None:
    rsa = RSAKey.generate_key(2048, parameters={"kid": "rsa-1"})
    register(city, "hosp-ehr", own_key(city), rsa)
    header = {"alg": "RS384", "kid": "rsa-1"}
    assert post(city, signed(city, claims_of(city), header=header, key=rsa)).status_code == 200
    assert post(city, signed(city, claims_of(city))).status_code == 200
    crossed = signed(city, claims_of(city), header={**header, "kid": "hosp-ehr-1"}, key=rsa)
    assert post(city, crossed).status_code == 401
    assert (
        post(city, signed(city, claims_of(city), header={"alg": "RS256", "kid": "rsa-1"}, key=rsa)).status_code == 401
    )


def test_a_key_that_is_taken_from_the_registration_signs_nobody_in(city: City) -> None:
    old = own_key(city)
    new = ECKey.generate_key("P-384", parameters={"kid": "new"})
    register(city, "hosp-ehr", old, new)
    assert post(city, signed(city, claims_of(city))).status_code == 200
    assert post(city, signed(city, claims_of(city), header={"kid": "new"}, key=new)).status_code == 200
    register(city, "hosp-ehr", new)
    assert post(city, signed(city, claims_of(city), key=old)).status_code == 401
    assert post(city, signed(city, claims_of(city), header={"kid": "new"}, key=new)).status_code == 200


def test_scopes_are_what_is_asked_and_registered_and_never_more(city: City) -> None:
    narrow = post(city, signed(city, claims_of(city)), scope="system/Observation.rs").json()
    assert narrow["scope"] == "system/Observation.rs"
    for wrong in (
        "system/*.read*",
        "system/observation.rs",
        "system/Observation.dus",
        "openid",
        "system/Observation.rs?a=b",
    ):
        answer = post(city, signed(city, claims_of(city)), scope=wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope"), wrong
    nothing = post(city, signed(city, claims_of(city, "day-app")), scope="system/Patient.rs")
    assert (nothing.status_code, nothing.json()["error"]) == (400, "invalid_scope")


# -- what is wrong


ATTACKS: dict[str, Callable[[City], str]] = {
    "unknown client": lambda city: signed(city, claims_of(city, "nobody"), key=own_key(city)),
    "another's key": lambda city: signed(city, claims_of(city), key=own_key(city, "clinic-emr")),
    "another's kid": lambda city: signed(city, claims_of(city), header={"kid": "clinic-emr-1"}),
    "no kid": lambda city: signed(city, claims_of(city), header={"kid": None}),
    "no typ": lambda city: signed(city, claims_of(city), header={"typ": None}),
    "access token's typ": lambda city: signed(city, claims_of(city), header={"typ": "at+jwt"}),
    "own key in the header": lambda city: _with_own_key(city),
    "foreign key set": lambda city: signed(city, claims_of(city), header={"jku": "https://evil.example/jwks"}),
    "critical extension": lambda city: _unsigned({**HEADER, "crit": ["x"], "x": 1}, claims_of(city)),
    "alg none": lambda city: _unsigned({**HEADER, "alg": "none"}, claims_of(city)),
    "hmac of the public key": lambda city: _hmac(city),
    "hmac alg on our signature": lambda city: _relabelled(city, "HS384"),
    "lower-case alg": lambda city: _relabelled(city, "es384"),
    "P-256": lambda city: signed(city, claims_of(city), header={"alg": "ES256"}, key=ECKey.generate_key("P-256")),
    "iss is not sub": lambda city: signed(city, claims_of(city, sub="clinic-emr")),
    "no jti": lambda city: signed(city, claims_of(city, jti=None)),
    "long jti": lambda city: signed(city, claims_of(city, jti="j" * 257)),
    "no exp": lambda city: signed(city, claims_of(city, exp=None)),
    "past exp": lambda city: signed(city, claims_of(city, exp=int(city.clock.now.timestamp()) - 11)),
    "exp in a year": lambda city: signed(city, claims_of(city, exp=int(city.clock.now.timestamp()) + 31536000)),
    "exp as text": lambda city: signed(city, claims_of(city, exp=str(int(city.clock.now.timestamp()) + 60))),
    "iat in the future": lambda city: signed(city, claims_of(city, iat=int(city.clock.now.timestamp()) + 60)),
    "aud is the issuer": lambda city: signed(city, claims_of(city, aud=BASE_URL)),
    "aud is the FHIR base": lambda city: signed(city, claims_of(city, aud=f"{BASE_URL}/fhir")),
    "aud with a slash": lambda city: signed(city, claims_of(city, aud=f"{TOKEN_URL}/")),
    "aud of another hub": lambda city: signed(city, claims_of(city, aud="http://other.test/oauth/token")),
    "two audiences": lambda city: signed(city, claims_of(city, aud=[TOKEN_URL, "http://other.test"])),
    "changed claims": lambda city: _changed(city),
    "not a token": lambda city: "a.b.c",
    "empty signature": lambda city: signed(city, claims_of(city)).rpartition(".")[0] + ".",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_is_wrong_with_an_assertion_the_answer_is_the_same(city: City, attack: str) -> None:
    answer = post(city, ATTACKS[attack](city))
    plain = post(city, signed(city, claims_of(city, "nobody"), key=own_key(city)))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.content == plain.content
    assert {**answer.headers, "x-request-id": ""} == {**plain.headers, "x-request-id": ""}
    assert post(city, signed(city, claims_of(city))).status_code == 200  # and what is right still works
    refusals = city.log(interaction="token", outcome="8")
    assert len(refusals) == 2
    assert all(row["reason"].startswith("assertion: ") for row in refusals)


def _segment(value: Body) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _unsigned(header: Body, claims: Body) -> str:
    return f"{_segment(header)}.{_segment(claims)}.{'A' * 128}"


def _hmac(city: City) -> str:
    """Signed with what everybody knows of us, in the hope that it is taken for a shared secret (CVE-2024-37568)."""
    said = f"{_segment({**HEADER, 'alg': 'HS384'})}.{_segment(claims_of(city))}"
    code = hmac.new(own_key(city).as_pem(private=False), said.encode(), "sha384").digest()
    return f"{said}.{urlsafe_b64encode(code).decode().rstrip('=')}"


def _relabelled(city: City, algorithm: str) -> str:
    header, claims, signature = signed(city, claims_of(city)).split(".")
    assert header
    return f"{_segment({**HEADER, 'alg': algorithm})}.{claims}.{signature}"


def _with_own_key(city: City) -> str:
    mine = ECKey.generate_key("P-384")
    return signed(city, claims_of(city), header={"jwk": mine.as_dict(private=False)}, key=mine)


def _changed(city: City) -> str:
    header, _, signature = signed(city, claims_of(city, "clinic-emr")).split(".")
    return f"{header}.{_segment(claims_of(city, 'clinic-emr', exp=int(city.clock.now.timestamp()) + 299))}.{signature}"


def test_the_request_itself_is_read_strictly(city: City) -> None:
    def form(**more: str | list[str]) -> dict[str, str | list[str]]:
        whole = {
            "grant_type": "client_credentials",
            "scope": WHOLE,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": signed(city, claims_of(city)),
        }
        return {**whole, **more}

    def answered(**sent: object) -> tuple[int, str]:
        answer = city.client.post("/oauth/token", **sent)  # type: ignore[arg-type]  # each test sends another shape
        return answer.status_code, answer.json().get("error", "")

    assert answered(data=form()) == (200, "")
    assert answered(data=form(grant_type="password")) == (400, "unsupported_grant_type")
    assert answered(data=form(client_assertion_type="jwt")) == (401, "invalid_client")
    assert answered(data=form(client_id="clinic-emr")) == (401, "invalid_client")
    assert answered(data=form(client_id="hosp-ehr")) == (200, "")
    assert answered(data=form(scope=[WHOLE, WHOLE])) == (400, "invalid_request")
    assert answered(json=form()) == (400, "invalid_request")
    assert answered(params=form()) == (400, "invalid_request")
    assert answered(data=form(client_assertion="a" * 70_000))[0] in (400, 413)
    assert city.client.get("/oauth/token").status_code == 405


# -- once, and only for a while


def test_an_assertion_is_good_once(city: City) -> None:
    claims = claims_of(city)
    assertion = signed(city, claims)
    assert post(city, assertion).status_code == 200
    assert post(city, assertion).status_code == 401
    assert post(city, signed(city, {**claims, "exp": claims["exp"] + 1})).status_code == 401  # the jti is what counts
    assert post(city, signed(city, {**claims_of(city, "clinic-emr"), "jti": claims["jti"]})).status_code == 200
    city.clock.move(minutes=4)
    assert post(city, assertion).status_code == 401


def test_of_fifty_at_once_exactly_one_gets_a_token(city: City) -> None:
    assertion = signed(city, claims_of(city))
    city.token("cm-ito")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: post(city, assertion).status_code, range(50)))
    assert answers.count(200) == 1
    assert set(answers) == {200, 401, 429}  # the rest are failures, and twenty of them are enough


def test_a_used_assertion_stays_used_when_the_hub_starts_again(tmp_path: Path) -> None:
    with small_city(tmp_path) as city:
        assertion = signed(city, claims_of(city))
        token = post(city, assertion).json()["access_token"]
    with small_city(tmp_path) as again:
        assert post(again, assertion).status_code == 401
        assert post(again, signed(again, claims_of(again))).status_code == 200
        assert reads(again, token) == 200


def test_a_token_lives_five_minutes(city: City) -> None:
    token = sign_in(city, "hosp-ehr").json()["access_token"]
    city.clock.move(seconds=299)
    assert reads(city, token) == 200
    city.clock.move(seconds=1)
    assert reads(city, token) == 401


def test_what_is_no_living_token_is_refused(city: City) -> None:
    assertion = signed(city, claims_of(city))
    token = post(city, assertion).json()["access_token"]
    last = "A" if token[-1] != "A" else "B"
    for wrong in (token[:-1], token[:-1] + last, token + "A", token.swapcase(), assertion, "null", "x" * 5000):
        assert reads(city, wrong) == 401, wrong[:60]
    in_url = city.client.get(f"/fhir/Organization/hosp?access_token={token}")
    assert in_url.status_code == 400
    assert reads(city, token) == 200


@pytest.mark.parametrize(
    "change",
    [
        ('purpose = "TREAT"\nprofession = "physician"\njwks = "keys/hosp-ehr.jwks.json"',
         'purpose = "TREAT"\nenabled = false\nprofession = "physician"\njwks = "keys/hosp-ehr.jwks.json"'),
        ('id = "hosp-ehr"', 'id = "hosp-other"'),
    ],
)  # fmt: skip
def test_a_system_that_is_disabled_or_taken_out_is_out_with_its_next_request(
    city: City, change: tuple[str, str]
) -> None:
    token = sign_in(city, "hosp-ehr").json()["access_token"]
    assert reads(city, token) == 200
    change_city(city, change)
    assert reads(city, token) == 401
    refused = sign_in(city, "hosp-ehr")
    unknown = post(city, signed(city, claims_of(city, "nobody"), key=own_key(city)))
    assert (refused.status_code, refused.content) == (401, unknown.content)


# -- guessing has an end (T-032)


def test_twenty_failures_shut_out_that_client_at_that_address_for_a_minute(city: City) -> None:
    def bad() -> str:
        return signed(city, claims_of(city), key=own_key(city, "clinic-emr"))

    def good(system: str = "hosp-ehr") -> str:
        return signed(city, claims_of(city, system))

    assert {post(city, bad()).status_code for _ in range(20)} == {401}
    shut = post(city, bad())
    assert shut.status_code == 429
    assert 1 <= int(shut.headers["retry-after"]) <= 60
    assert post(city, good()).status_code == 429
    elsewhere = TestClient(city.client.app, base_url=BASE_URL, client=("192.0.2.7", 40000))
    assert post(city, good(), elsewhere).status_code == 200
    assert post(city, good("clinic-emr")).status_code == 200

    # another process on the same store knows it too
    store = city.store
    other = create_app(store.lane, store.secret, Settings(), BASE_URL, clock=city.clock)
    assert post(city, good(), TestClient(other, base_url=BASE_URL, client=("127.0.0.1", 50001))).status_code == 429

    city.clock.move(seconds=int(shut.headers["retry-after"]))
    assert post(city, good()).status_code == 200
    reasons = [row["reason"] for row in city.log(interaction="token", outcome="8")]
    assert reasons.count("throttled") == 3
    assert len(reasons) == 23


def test_failures_that_are_spread_out_shut_nobody_out(city: City) -> None:
    for _ in range(30):
        assert post(city, signed(city, claims_of(city), key=own_key(city, "clinic-emr"))).status_code == 401
        city.clock.move(seconds=4)
    assert post(city, signed(city, claims_of(city))).status_code == 200


# -- the log


def test_each_sign_in_is_in_the_log_and_nothing_secret_is(city: City) -> None:
    good = signed(city, claims_of(city))
    token = post(city, good).json()["access_token"]
    bad = signed(city, claims_of(city), key=own_key(city, "clinic-emr"))
    post(city, bad)
    post(city, signed(city, claims_of(city)), scope="system/Patient.xyz")
    post(city, good, grant_type="password")
    reads(city, token)
    city.client.get(f"/fhir/Organization/hosp?access_token={token}")
    rows = city.log()
    signs = [(row["outcome"], row["system"]) for row in rows if row["interaction"] == "token"]
    assert signs == [("4", None), ("8", "hosp-ehr"), ("8", "hosp-ehr"), ("0", "hosp-ehr")]
    assert [row["organisation"] for row in rows if row["interaction"] == "token"][-1] == "hosp"
    assert all(row["address"] == "127.0.0.1" for row in rows if row["interaction"] == "token")
    written = json.dumps(rows, ensure_ascii=False, default=str)
    for secret in (token, token[-32:], good, bad, *good.split(".")[1:], *bad.split(".")[1:]):
        assert secret not in written


def test_who_knocks_without_a_token_is_in_the_log(city: City) -> None:
    assert city.get(None, "/fhir/Patient").status_code == 401
    (row,) = city.log(reason="no-token")
    assert (row["interaction"], row["outcome"], row["organisation"]) == ("refusal", "8", "")
    assert row["query"] == "GET /fhir/Patient"
