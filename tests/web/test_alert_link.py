"""The signed link of a mail that acknowledges an alert."""

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.urls import reverse

from market.ack_link import AckLink
from market.relay import Relay
from tests.support.alert_rows import alert

made = sync_to_async(alert)


async def test_the_link_of_a_mail_asks_first_and_then_acknowledges(relay: Relay) -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    row = await made(audience="staff")
    path = AckLink(row.pk, "the desk").path

    page = await client.get(path)
    await sync_to_async(row.refresh_from_db)()
    assert (page.status_code, row.acknowledged_at) == (200, None)
    assert "BTCUSDT crossed above 95000" in page.content.decode()

    done = await client.post(path, {"csrfmiddlewaretoken": client.cookies["csrftoken"].value})
    await sync_to_async(row.refresh_from_db)()
    assert "is acknowledged" in done.content.decode()
    assert row.acknowledged_at is not None and row.acknowledged_by is None
    assert (row.acknowledged_through, row.acknowledged_name) == ("the desk", "the desk")


@pytest.mark.parametrize("change", ["cut", "foreign", "old", "gone"])
async def test_a_link_that_does_not_hold_says_so(
    relay: Relay, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    row = await made()
    path = AckLink(row.pk + 99 if change == "gone" else row.pk).path
    match change:
        case "cut":
            path = path[:-4] + "/"
        case "foreign":
            path = reverse("alert-ack-link", args=["abc:def:ghi"])
        case "old":
            monkeypatch.setattr("market.ack_link.VALID_FOR", -1)

    response = await async_client.post(path)

    assert response.status_code == 404
    assert b"cannot be acknowledged" in response.content
