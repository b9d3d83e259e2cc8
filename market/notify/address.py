"""Which addresses a webhook may have: our own network is not for others to send us to."""

import ipaddress
import socket
from collections.abc import Callable, Sequence

from django.conf import settings

from market.notify.base import NotDelivered

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# host, port -> its addresses. Asked once for each attempt; what was checked is what is connected to.
Resolve = Callable[[str, int], Sequence[str]]

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
MANY = 4  # addresses of one name that are tried


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, without repeats. Raises OSError where there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def public_addresses(host: str, port: int, *, resolve: Resolve) -> list[str]:
    """The addresses to connect to. Raises NotDelivered when one is not public, or there is none.

    One private address among public ones is refused too: nobody's public service has that.
    """
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise NotDelivered("the host has no address") from error
    if not addresses:
        raise NotDelivered("the host has no address")
    if not all(allowed(address) for address in addresses):
        raise NotDelivered("the host is in a private network, see ALLOW_PRIVATE_WEBHOOKS", permanent=True)
    return list(addresses)[:MANY]


def allowed(address: str) -> bool:
    if settings.ALLOW_PRIVATE_WEBHOOKS:
        return True
    ip = _meant(ipaddress.ip_address(address.partition("%")[0]))
    if any(ip in ipaddress.ip_network(network) for network in settings.WEBHOOK_NETWORKS):
        return True
    return ip.is_global and not ip.is_multicast


def _meant(ip: IPAddress) -> IPAddress:
    """The IPv4 address behind an IPv6 one that only carries it."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
