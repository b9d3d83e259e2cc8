"""Alerts by HTTP, signed as Standard Webhooks says (https://www.standardwebhooks.com)."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import quote

import httpx
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from market.models import Alert, Recipient
from market.notify.address import Resolve, public_addresses, resolve
from market.notify.base import TIMEOUT, NotDelivered, Receipt, Transport, readable, without
from market.notify.wording import event

CONNECT_TIMEOUT = 5.0  # of each address
MOST_READ = 64 * 1024  # bytes of an answer
GONE = 410
# The other side is in trouble, not our message. Every other answer that is no 2xx, redirects too, will hardly change.
IN_TROUBLE = frozenset({408, 425, 429, *range(500, 600)})


class WebhookTransport(Transport):
    """`look_up` finds the addresses of a host; it is asked once for each attempt. `trusted`: whose certificates."""

    def __init__(
        self,
        *,
        look_up: Resolve = resolve,
        now: Callable[[], datetime] = timezone.now,
        timeout: float = TIMEOUT,
        trusted: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._look_up = look_up
        self._now = now
        self._timeout = timeout
        self._trusted = trusted or _certificates

    def send(self, alert: Alert, recipient: Recipient, *, key: str) -> Receipt:
        body = event(alert, recipient)
        headers = signed_headers(body, recipient, key=key, now=self._now())
        url = _url(recipient.address)
        addresses = public_addresses(url.raw_host.decode(), _port(url), resolve=self._look_up)
        try:
            response, answer = asyncio.run(self._post_to_one_of(addresses, url, body=body, headers=headers))
        except TimeoutError as error:
            raise NotDelivered(f"no answer within {self._timeout:g} s") from error
        except (httpx.HTTPError, OSError) as error:
            said = without(str(error), recipient.address, url.query.decode(), url.path)
            raise NotDelivered(f"{type(error).__name__}: {readable(said)}") from error
        return judged(response.status_code, response.headers.get("retry-after", ""), answer, now=self._now())

    async def _post_to_one_of(
        self, addresses: list[str], url: httpx.URL, *, body: str, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        """The first address that can be connected to; all within one deadline."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        limits = httpx.Timeout(self._timeout, connect=min(CONNECT_TIMEOUT, self._timeout))
        async with httpx.AsyncClient(verify=self._trusted(), timeout=limits, trust_env=False) as client:
            for address in addresses:
                request = _request_to(address, client, url, body=body, headers=headers)
                try:
                    async with asyncio.timeout_at(deadline):
                        response = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if address == addresses[-1]:
                        raise
                else:
                    return response, await _beginning(response, deadline)
        raise AssertionError("there is at least one address")


def signed_headers(body: str, recipient: Recipient, *, key: str, now: datetime) -> dict[str, str]:
    """Signed with both secrets while one replaces the other. Raises NotDelivered where there is none."""
    # Header values are ASCII, and a dot would end the id in what is signed.
    message_id = quote(key, safe=":").replace(".", "%2E")
    secrets = [secret for secret in (recipient.secret, recipient.old_secret) if secret]
    if not secrets:
        raise NotDelivered("the webhook has no secret to sign with", permanent=True)
    try:
        signatures = [Webhook(secret).sign(message_id, now.astimezone(UTC), body) for secret in secrets]
    except (ValueError, EmptyWebhookSecretError) as error:  # no base64
        raise NotDelivered("the secret is not one of Standard Webhooks (whsec_...)", permanent=True) from error
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",  # a compressed answer could grow without end
        "user-agent": "pricefeed",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def judged(status: int, retry_after: str, answer: bytes, *, now: datetime) -> Receipt:
    """What an answer means. Raises NotDelivered for all but 2xx."""
    excerpt = readable(answer)
    if 200 <= status < 300:
        return Receipt(status, excerpt)
    raise NotDelivered(
        "the webhook is gone: 410" if status == GONE else f"the webhook answered {status}",
        gone=status == GONE,
        few=status not in IN_TROUBLE,
        retry_after=seconds_of(retry_after, now=now),
        status=status,
        excerpt=excerpt,
    )


def seconds_of(retry_after: str, *, now: datetime) -> float | None:
    """`Retry-After: 120` or a date. None where it is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise NotDelivered("the address is not a URL", permanent=True) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise NotDelivered("the address is not http:// or https://", permanent=True)
    return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _request_to(
    address: str, client: httpx.AsyncClient, url: httpx.URL, *, body: str, headers: Mapping[str, str]
) -> httpx.Request:
    """A request that connects to this address and to no other: the name is not looked up again.

    The host is still told, and its certificate checked, by name.
    """
    return client.build_request(
        "POST",
        url.copy_with(host=address),
        content=body.encode(),
        headers={**headers, "host": url.netloc.decode()},
        extensions={"sni_hostname": url.raw_host.decode()},
    )


async def _beginning(response: httpx.Response, deadline: float) -> bytes:
    """What is read of an answer. The status has decided already: an end that does not come changes nothing."""
    answer = b""
    try:
        async with asyncio.timeout_at(deadline):
            async for piece in response.aiter_raw(MOST_READ):
                answer += piece
                if len(answer) >= MOST_READ:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    finally:
        await response.aclose()
    return answer


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
