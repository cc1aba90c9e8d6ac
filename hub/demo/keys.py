"""Key pairs of the demo city's systems: made once, in the data directory, never in the repository."""

import json
import os
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from hub.auth.assertion import ALGORITHMS

assert "ES384" in ALGORITHMS


def make_keys(directory: Path, systems: list[str]) -> None:
    """A P-384 key pair for each system that has none: ``keys/<system>.jwks.json`` and, mode 0600, its private key."""
    (directory / "keys").mkdir(parents=True, exist_ok=True, mode=0o700)
    for system in systems:
        private = _private_file(directory, system)
        if private.exists():
            continue
        key = ECKey.generate_key("P-384", parameters={"kid": f"{system}-1", "use": "sig", "alg": "ES384"})
        public = json.dumps({"keys": [key.as_dict(private=False)]}, indent=1)
        (directory / "keys" / f"{system}.jwks.json").write_text(public, encoding="ascii")
        descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(key.as_dict(private=True), file)


def assertion(directory: Path, system: str, audience: str, jti: str, now: int) -> str:
    """A client assertion of ``system`` for the token endpoint ``audience``, good for four minutes from ``now``."""
    key = ECKey.import_key(json.loads(_private_file(directory, system).read_text(encoding="ascii")))
    header = {"alg": "ES384", "kid": f"{system}-1", "typ": "JWT"}
    claims = {"iss": system, "sub": system, "aud": audience, "exp": now + 240, "jti": jti}
    return jwt.encode(header, claims, key, algorithms=["ES384"])


def _private_file(directory: Path, system: str) -> Path:
    return directory / "keys" / f"{system}.private.json"
