"""docs/sign-in.md does what it says: its commands and programs are run, and the hub's own code is the other side."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from urllib.parse import urlencode

import httpx
import pytest

from hub.auth import Client, grant, read_assertion, read_jwks, read_token_request, verify
from hub.auth.assertion import MAX_ASSERTION
from hub.auth.form import TokenError
from hub.auth.keys import MAX_KEYS, RSA_BITS
from profiles.json import read_json

PAGE = (Path(__file__).parents[3] / "docs" / "sign-in.md").read_text(encoding="utf-8")
REGISTERED = "system/*.cruds"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(
    ("pem", "kind", "algorithm"),
    [("hosp-ehr.key.pem", "ECKey", "ES384"), ("hosp-ehr-rsa.key.pem", "RSAKey", "RS384")],
)
def test_who_follows_the_page_gets_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pem: str, kind: str, algorithm: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in blocks("sh"):
        subprocess.run(["sh", "-e", "-c", command], check=True, capture_output=True)
    write_jwks, ask = (
        program.replace("hosp-ehr.key.pem", pem).replace("ECKey", kind).replace("ES384", algorithm)
        for program in blocks("python")
    )

    def hub(url: str, data: dict[str, str]) -> httpx.Response:
        now = datetime.now(UTC)
        client = Client("hosp-ehr", read_jwks(read_json(Path("hosp-ehr.jwks.json").read_bytes())))
        request = read_token_request(urlencode(data).encode(), content_type="application/x-www-form-urlencoded")
        assert read_assertion(request.client_assertion).issuer == client.id
        verify(request.client_assertion, client=client, audiences=(url,), now=now)
        return httpx.Response(200, json={"access_token": "a-token", "scope": grant(request.scope, REGISTERED)})

    monkeypatch.setattr(httpx, "post", hub)
    exec(write_jwks, {})  # noqa: S102 - our own page
    outcome: dict[str, object] = {}
    exec(ask, outcome)  # noqa: S102 - our own page
    assert outcome["token"] == "a-token"


@pytest.mark.parametrize("error", get_args(TokenError))
def test_every_error_is_explained(error: str) -> None:
    assert re.search(rf"^\| 40[01] `{error}` \|", PAGE, re.MULTILINE)


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    assert f"{RSA_BITS.start}～{RSA_BITS.stop - 1} ビット" in PAGE
    assert f"{MAX_KEYS} を超える鍵" in PAGE
    assert f"{MAX_ASSERTION // 1024} KiB" in PAGE
