"""A webhook's other side, which notes how old each alert is when it comes.

python -m benchmarks.receiver     prints {"port": N}; then answers each line of stdin, `reset` or `report`
"""

import json
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ages_ms: list[float] = []


class Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802 (http.server's name)
        came = time.time()
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        tick = datetime.fromisoformat(body["data"]["timestamp"])
        _ages_ms.append((came - tick.timestamp()) * 1000)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: stdout is for answers."""


def quantile(ages: Sequence[float], share: float) -> float | None:
    return sorted(ages)[min(len(ages) - 1, int(len(ages) * share))] if ages else None


def report() -> dict[str, Any]:
    ages = list(_ages_ms)
    return {"count": len(ages), "p50_ms": quantile(ages, 0.5), "p99_ms": quantile(ages, 0.99)}


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        if line.strip() == "reset":
            _ages_ms.clear()
        print(json.dumps(report()), flush=True)


if __name__ == "__main__":
    main()
