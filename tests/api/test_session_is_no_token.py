"""A page's session is worth nothing as a bearer token, and a token nothing as a session."""

import re

from tests.hub_in_test import City


def test_neither_stands_for_the_other(city: City) -> None:
    # The demo sign-in answers only to loopback names.
    here = {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}
    form = {"role": "cm-ito/kyotaku/care-manager"}
    signed_in = city.client.post("/sign-in", data=form, headers=here, follow_redirects=False)
    assert signed_in.status_code == 303
    found = re.search(r"renkei_session=([^;]+)", signed_in.headers["set-cookie"])
    assert found is not None
    session = found[1]
    city.client.cookies.clear()
    assert city.client.get("/people", headers={"cookie": f"renkei_session={session}"}).status_code == 200
    assert city.client.get("/feed", headers={"authorization": f"Bearer {session}"}).status_code == 401
    token = city.token("cm-ito")
    assert city.client.get("/feed", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert city.client.get("/people", headers={"cookie": f"renkei_session={token}"}).status_code == 401
