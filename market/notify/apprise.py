"""Everything else that apprise knows: Telegram, Slack, Discord, ntfy, ... (https://github.com/caronc/apprise)."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import apprise
from django.conf import settings

from market.models import Alert, Recipient, Severity
from market.notify.address import Resolve, allowed, resolve
from market.notify.base import NotDelivered, Receipt, Transport, readable, without
from market.notify.wording import facts, headline, links

HTTPS = 443
CLOUD = "cloud"  # the service's own servers: ntfy calls its topic a host
KINDS = {
    Severity.INFO: apprise.NotifyType.INFO,
    Severity.WARNING: apprise.NotifyType.WARNING,
    Severity.CRITICAL: apprise.NotifyType.FAILURE,
}


class AppriseTransport(Transport):
    """Has its own timeouts: 4 s to connect, 4 s to answer, unless the address says `cto` and `rto`.

    Hosts that an address names are looked up and must be public, as for webhooks. Other than there, apprise looks them
    up again when it connects, and follows redirects: a name that changes in between, or a public server that sends it
    on, is not noticed. Where that matters, let the network of `sendalerts` refuse it.
    """

    def __init__(self, *, look_up: Resolve = resolve) -> None:
        self._look_up = look_up

    def send(self, alert: Alert, recipient: Recipient, *, key: str) -> Receipt:
        service = _service(recipient.address)
        _refuse_private(service, self._look_up)
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


def _refuse_private(service: apprise.NotifyBase, look_up: Resolve) -> None:
    if settings.ALLOW_PRIVATE_WEBHOOKS:
        return
    for host in _hosts(service):
        try:
            addresses = look_up(host, service.port or HTTPS)
        except (OSError, UnicodeError):
            continue  # it cannot be reached, which apprise will say; or it is no host but a sender's domain
        if not all(allowed(address) for address in addresses):
            raise NotDelivered("the host is in a private network, see ALLOW_PRIVATE_WEBHOOKS", permanent=True)


def _hosts(service: apprise.NotifyBase) -> Iterator[str]:
    """What the address names. With many services the host is a token, which must not be asked of the DNS."""
    host = str(getattr(service, "host", "") or "").strip("[]")
    if _is_address(host) or ("host" in service.template_tokens and getattr(service, "mode", "") != CLOUD):
        yield host
    if mail_server := str(getattr(service, "smtp_host", "") or ""):
        yield mail_server.strip("[]")


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host.partition("%")[0]))
    except ValueError:
        return False


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
