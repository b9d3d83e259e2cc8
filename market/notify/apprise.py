"""Everything else that apprise knows: Telegram, Slack, Discord, ntfy, ... (https://github.com/caronc/apprise)."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import apprise

from market.models import Alert, Recipient, Severity
from market.notify.address import allowed
from market.notify.base import NotDelivered, Receipt, Transport, readable, without
from market.notify.wording import facts, headline, links

KINDS = {
    Severity.INFO: apprise.NotifyType.INFO,
    Severity.WARNING: apprise.NotifyType.WARNING,
    Severity.CRITICAL: apprise.NotifyType.FAILURE,
}


class AppriseTransport(Transport):
    """Has its own timeouts: 4 s to connect, 4 s to answer, unless the address says `cto` and `rto`."""

    def send(self, alert: Alert, recipient: Recipient, *, key: str) -> Receipt:
        service = _service(recipient.address)
        _refuse_private(str(getattr(service, "host", "") or ""))
        body = "\n".join(f"{name}: {value}" for name, value in [*facts(alert), *links(alert, recipient).items()])
        with _said() as lines:
            told = service.notify(body=body, title=headline(alert), notify_type=KINDS[Severity(alert.severity)])
        if not told:
            said = readable(without("\n".join(lines), recipient.address))
            raise NotDelivered(f"{service.service_name} did not take it", excerpt=said)
        return Receipt(excerpt=f"{service.service_name} took it")


def known_service(address: str) -> str:
    """What apprise calls the service of this address; empty where it knows none."""
    service = _instance(address)
    return "" if service is None else str(service.service_name)


def _instance(address: str) -> apprise.NotifyBase | None:
    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
    with _said():
        return apprise.Apprise.instantiate(address, asset=asset)


def _service(address: str) -> apprise.NotifyBase:
    service = _instance(address)
    if service is None:
        raise NotDelivered("apprise does not know this kind of address", permanent=True)
    return service


def _refuse_private(host: str) -> None:
    """Addresses only: what apprise calls a host is a token with many services, and must not be asked of the DNS."""
    try:
        private = not allowed("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        return
    if private:
        raise NotDelivered("the host is in a private network, see ALLOW_PRIVATE_WEBHOOKS", permanent=True)


@contextmanager
def _said() -> Iterator[list[str]]:
    """What apprise logs meanwhile in this thread. It goes nowhere else (LOGGING in settings): it may name secrets."""
    listener = _Listener(threading.get_ident())
    apprise.logger.addHandler(listener)
    try:
        yield listener.lines
    finally:
        apprise.logger.removeHandler(listener)


class _Listener(logging.Handler):
    def __init__(self, thread: int) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self._thread = thread

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())
