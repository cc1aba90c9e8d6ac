"""Receives notifications on this machine and prints what each of them says: python docs/examples/receiver.py 8090"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Answers 200: only then does the hub go on to the next notification."""

    def do_POST(self) -> None:
        bundle = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = bundle["entry"][0]["resource"]["parameter"]
        kind = next(one["valueCode"] for one in status if one["name"] == "type")
        events = [one["part"] for one in status if one["name"] == "notification-event"]
        say(kind, *(" ".join(shown(part) for part in parts) for parts in events))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Only what is received is printed."""


def shown(part: dict[str, object]) -> str:
    """A part of an event: its number, its instant, or the URL of what it is about."""
    focus = part.get("valueReference")
    return str(focus["reference"] if isinstance(focus, dict) else part.get("valueString") or part.get("valueInstant"))


def say(*lines: str) -> None:
    """Print at once, also into a file."""
    sys.stdout.write("\n  ".join(lines) + "\n")
    sys.stdout.flush()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
