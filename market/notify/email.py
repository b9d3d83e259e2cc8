"""Alerts by e-mail, through Django's mail."""

import smtplib
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from market.models import Alert, Recipient
from market.notify.base import NotDelivered, Receipt, Transport, readable
from market.notify.wording import SITE, facts, headline, links

SMTP = "django.core.mail.backends.smtp.EmailBackend"


class EmailTransport(Transport):
    """Text and HTML. `Message-ID` is the same in each attempt: a mailbox that got it twice shows it once."""

    def send(self, alert: Alert, recipient: Recipient, *, key: str) -> Receipt:
        if settings.EMAIL_BACKEND == SMTP and not settings.EMAIL_HOST:
            raise NotDelivered("no mail server is set: EMAIL_URL")
        try:
            _mail(alert, recipient, key).send()
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients) from error
        except smtplib.SMTPResponseException as error:
            # What a server says about our login or sender is for the operator to mend, not about this message.
            permanent = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
            said = readable(error.smtp_error)
            raise NotDelivered(
                f"the mail server said {error.smtp_code}", permanent=permanent, status=error.smtp_code, excerpt=said
            ) from error
        except ValueError as error:  # a line break in a header, an address that is none
            raise NotDelivered("the address or the message cannot be sent", permanent=True) from error
        except OSError as error:  # also what else smtplib raises
            raise NotDelivered(f"the mail server: {type(error).__name__}") from error
        return Receipt(250, "accepted by the mail server")


def _mail(alert: Alert, recipient: Recipient, key: str) -> EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname or SITE
    subject = headline(alert)
    words = {"headline": subject, "facts": facts(alert), "site": SITE, **links(alert, recipient)}
    headers = {
        "Message-ID": f"<{quote(key, safe='').replace('%', '=')}@{host}>",
        "List-Id": f"{SITE} alerts <alerts.{host}>",
        "Auto-Submitted": "auto-generated",  # holiday answers stay away
    }
    text = render_to_string("alerts/mail.txt", words)
    mail = EmailMultiAlternatives(f"[{SITE}] {subject}", text, to=[recipient.address], headers=headers)
    mail.attach_alternative(render_to_string("alerts/mail.html", words), "text/html")
    return mail


def _refused(recipients: Mapping[str, tuple[int, bytes | str]]) -> NotDelivered:
    status, said = next(iter(recipients.values()))
    return NotDelivered(
        f"the mail server refused the recipient: {status}",
        permanent=status >= 500,
        status=status,
        excerpt=readable(said),
    )
