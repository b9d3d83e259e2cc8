"""Alerts by e-mail, to a real SMTP server."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.utils import translation
from pytest_django import Settings

from market.dispatch import tell
from market.models import Kind, RecipientKind
from market.notify import NotDelivered, Receipt
from market.notify.email import SMTP, EmailTransport
from tests.support.alert_rows import alert, recipient, unsaved_alert
from tests.support.mailbox import Mailbox

pytestmark = pytest.mark.django_db
KEY = "3:1:BTCUSDT:1768046400000:1:7"


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        settings.SITE_URL = "https://prices.example"
        yield mailbox


def send(**fields: object) -> Receipt:
    row = recipient(RecipientKind.EMAIL, name="desk", address="desk@example.com")
    return EmailTransport().send(alert(**fields), row, key=KEY)


def refused() -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        send()
    return caught.value


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_it_arrives_as_text_and_html(mailbox: Mailbox) -> None:
    receipt = send()

    (mail,) = mailbox.mails
    assert receipt.status == 250
    assert mail["Subject"] == "[pricefeed] warning: BTCUSDT crossed above 95000 (simulated price)"
    assert mail["To"] == "desk@example.com"
    assert "Price: 95000.1\n" in part(mail, "plain")
    assert "<td>95000.1</td>" in part(mail, "html")


def test_it_links_to_the_alert_and_to_its_acknowledgement(mailbox: Mailbox) -> None:
    row = alert()
    EmailTransport().send(row, recipient(RecipientKind.EMAIL, address="desk@example.com"), key=KEY)

    (mail,) = mailbox.mails
    for kind in ("plain", "html"):
        assert f"https://prices.example/alerts/{row.pk}/" in part(mail, kind)
        assert "https://prices.example/alerts/ack/" in part(mail, kind)


def test_a_repeat_is_recognised_by_its_message_id(mailbox: Mailbox) -> None:
    row, desk = alert(), recipient(RecipientKind.EMAIL, address="desk@example.com")

    for _ in range(2):
        EmailTransport().send(row, desk, key=KEY)

    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"] == "<3=3A1=3ABTCUSDT=3A1768046400000=3A1=3A7@prices.example>"
    assert first["List-Id"] == "pricefeed alerts <alerts.prices.example>"


def test_a_digest_says_how_many_it_holds(mailbox: Mailbox) -> None:
    send(kind=Kind.DIGEST, symbol="", count=14, rule_text="moved by 3 % within 60 s")

    (mail,) = mailbox.mails
    assert "14 alerts" in mail["Subject"]
    assert "Holds: 14 alerts" in part(mail, "plain")


def test_what_staff_wrote_is_no_markup_and_no_header(mailbox: Mailbox) -> None:
    send(rule_text="crosses <b>\r\nBcc: eve@example.com", why="<script>alert(1)</script>")

    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert "<script>" not in part(mail, "html")
    assert "<script>" in part(mail, "plain")


def test_a_test_has_no_links(mailbox: Mailbox) -> None:
    desk = recipient(RecipientKind.EMAIL, address="desk@example.com")

    EmailTransport().send(unsaved_alert(kind=Kind.TEST, why="a test"), desk, key="test:1")

    (mail,) = mailbox.mails
    assert mail["Subject"] == "[pricefeed] test: warning: a test"
    assert "Acknowledge" not in part(mail, "plain")


def test_an_unknown_mailbox_is_for_ever(mailbox: Mailbox) -> None:
    mailbox.refuse = "550 no such mailbox"

    error = refused()

    assert (error.permanent, error.status, error.excerpt) == (True, 550, "no such mailbox")


def test_a_busy_mailbox_is_tried_again(mailbox: Mailbox) -> None:
    mailbox.refuse = "450 greylisted"

    assert not refused().permanent


@pytest.mark.parametrize(("answer", "permanent"), [("554 spam", True), ("451 later", False)])
def test_a_refused_mail_is_tried_again_where_the_server_says_so(mailbox: Mailbox, answer: str, permanent: bool) -> None:
    mailbox.answers.append(answer)

    assert refused().permanent is permanent


def test_a_server_that_is_away_is_tried_again(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port

    assert not refused().permanent


def test_a_server_that_hangs_is_given_up(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = listener.getsockname()[1], 0.3

        assert not refused().permanent


def test_without_a_mail_server_it_says_which_setting_is_missing(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, ""

    assert "EMAIL_URL" in str(refused())


def test_an_address_that_is_none_is_refused_for_good(mailbox: Mailbox) -> None:
    with pytest.raises(NotDelivered) as caught:
        EmailTransport().send(alert(), recipient(RecipientKind.EMAIL, address="a@b\nBcc: c@d"), key=KEY)

    assert caught.value.permanent
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("site", "own", "subject", "price"),
    [
        ("en", "", "warning: BTCUSDT crossed above 95000 (simulated price)", "Price: "),
        ("en", "zh-hans", "警告：BTCUSDT 已上穿 95000（模拟价格）", "价格: "),
        ("zh-hans", "", "警告：BTCUSDT 已上穿 95000（模拟价格）", "价格: "),
        ("zh-hans", "en", "warning: BTCUSDT crossed above 95000 (simulated price)", "Price: "),
    ],
)
def test_it_speaks_the_language_of_the_recipient_else_that_of_the_site(
    mailbox: Mailbox, settings: Settings, site: str, own: str, subject: str, price: str
) -> None:
    settings.LANGUAGE_CODE = site
    row = recipient(RecipientKind.EMAIL, name="desk", address="desk@example.com", language=own)

    with translation.override("en" if own else "zh-hans"):  # whoever made us send it reads something else
        answer = tell(EmailTransport(), alert(), row, key=KEY)

    (mail,) = mailbox.mails
    assert isinstance(answer, Receipt)
    assert mail["Subject"].strip() == f"[pricefeed] {subject}"
    assert price + "95000.1\n" in part(mail, "plain")
    assert f'<html lang="{own or site}">' in part(mail, "html")
