"""nginx with the settings of deploy/server/nginx.conf, on a port of this machine: a hub's front as a city has it."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from shutil import which
from time import monotonic, sleep
from typing import Self

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SETTINGS = Path(__file__).parents[2] / "deploy" / "server" / "nginx.conf"
LOOPBACK = ip_address("127.0.0.1")


def program() -> str | None:
    """nginx, if it is installed."""
    return which("nginx") or which("nginx", path="/usr/sbin")


class Proxy:
    """nginx before the hub at ``hub_port``; its files, those that it would write unasked too, are in ``place``."""

    def __init__(self, place: Path, port: int, hub_port: int) -> None:
        self.place, self.port = place, port
        self.base_url = f"https://localhost:{port}"
        self._make_certificate()
        (place / "run").mkdir()
        settings = SETTINGS.read_text("utf-8")
        changes = {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "server 127.0.0.1:8080": f"server 127.0.0.1:{hub_port}",
            "/etc/renkei/tls": str(place),
            "/var/log/nginx": str(place),
            "/run/renkei-hub": str(place / "run"),
            "client_header_timeout 10s": "client_header_timeout 1s",
        }
        for standing, here in changes.items():
            assert standing in settings, standing
            settings = settings.replace(standing, here)
        (place / "hub.conf").write_text(settings, "utf-8")
        (place / "nginx.conf").write_text(self._around(), "utf-8")
        started = [str(program()), "-c", str(place / "nginx.conf"), "-p", str(place), "-e", str(place / "start.log")]
        self._process = subprocess.Popen(started)

    def __enter__(self) -> Self:
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def client(self) -> httpx.Client:
        """Who trusts this proxy's certificate."""
        trust = ssl.create_default_context(cafile=str(self.place / "fullchain.pem"))
        return httpx.Client(base_url=self.base_url, timeout=30, verify=trust)

    def written(self) -> str:
        """All that it has written down."""
        return "".join(path.read_text("utf-8", "replace") for path in self.place.glob("*.log"))

    def _around(self) -> str:
        """What Debian has around a site: logs in full, and temporary files on the disk."""
        unused = "".join(f"{kind}_temp_path {self.place}/{kind};" for kind in ("fastcgi", "uwsgi", "scgi"))
        user = "user root;" if Path("/root").owner() == Path(self.place).owner() else ""
        return (
            f"daemon off; {user} pid {self.place}/pid; error_log {self.place}/error.log info;"
            f"events {{}} http {{ access_log {self.place}/access.log; {unused} include {self.place}/hub.conf; }}"
        )

    def _make_certificate(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(LOOPBACK)])
        made = x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
        (self.place / "fullchain.pem").write_bytes(signed.public_bytes(Encoding.PEM))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.place / "private.pem").write_bytes(secret)

    def _wait_until_ready(self) -> None:
        deadline = monotonic() + 20
        with self.client() as client:
            while monotonic() < deadline:
                assert self._process.poll() is None, self.written()
                try:
                    client.get("/healthz")
                except httpx.TransportError:
                    sleep(0.05)
                else:
                    return
        raise AssertionError("nginx was not ready in time")
