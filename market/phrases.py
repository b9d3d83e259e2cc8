"""Sentences that are written in English once, stored or sent to everybody, and read by people in their own language.

What the feed and the judge say is one text for all clients, and an alert keeps its words for years: neither knows who
will read them. So the reader's side finds the sentence among these and says it in the reader's language, on the server
here and in the page by `phrase` of static/market/js/words.js, which gets the same sentences.

A place is one word, or a number with its unit; `%(what)s` and `%(reason)s` are of any length and sentences themselves.
"""

import re
from dataclasses import dataclass
from functools import cache, partial

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

PHRASES = (
    # A severity, a state of an alert, a state of a rule, a day
    *(_("info"), _("warning"), _("critical"), _("active"), _("acknowledged"), _("snoozed"), _("resolved")),
    *(_("unknown"), _("inactive"), _("pending"), _("firing"), _("recovering"), _("simulator"), _("replay")),
    *(_("live"), _("delayed"), _("stale"), _("down"), _("no data yet"), _("halted")),
    # What a rule says (models/alert_rule), and what has happened (alert_text)
    _("crosses above %(number)s"),
    _("crosses below %(number)s"),
    _("crosses either way %(number)s"),
    _("24 h change above %(number)s"),
    _("24 h change below %(number)s"),
    _("moved by %(number)s within %(seconds)s s"),
    _("enters %(low)s to %(high)s"),
    _("leaves %(low)s to %(high)s"),
    _("%(symbol)s crosses above %(number)s"),
    _("%(symbol)s crosses below %(number)s"),
    _("%(symbol)s crosses either way %(number)s"),
    _("%(symbol)s enters %(low)s to %(high)s"),
    _("%(symbol)s leaves %(low)s to %(high)s"),
    _("%(symbol)s crossed above %(number)s"),
    _("%(symbol)s crossed below %(number)s"),
    _("%(symbol)s crossed either way %(number)s"),
    _("%(symbol)s 24 h change above %(number)s"),
    _("%(symbol)s 24 h change below %(number)s"),
    _("%(symbol)s moved by %(number)s within %(seconds)s s"),
    _("%(symbol)s entered %(low)s to %(high)s"),
    _("%(symbol)s left %(low)s to %(high)s"),
    _("%(what)s (simulated price)"),
    _("%(what)s (replayed price)"),
    _("%(what)s %(count)s times"),
    _("market-wide: %(count)s alerts, such as %(what)s"),
    _("many symbols at once: put together, each is a row of its own"),
    _("a test that staff sent"),
    _("no prices of %(exchange)s: %(reason)s"),
    _("the feed has given no sign of life since %(day)s %(clock)s UTC"),
    _("prices of %(exchange)s are back"),
    _("Recipient %(what)s was disabled: %(reason)s"),
    _("%(count)s failures in a row since %(day)s %(clock)s UTC"),
    # Why a rule did what it did (core/reason)
    _("%(what)s, for %(seconds)s s"),
    _("%(number)s is at or above %(threshold)s"),
    _("%(number)s is at or below %(threshold)s"),
    _("%(number)s is below %(threshold)s"),
    _("%(number)s is inside %(low)s to %(high)s"),
    _("%(number)s is outside %(low)s to %(high)s"),
    _("the change of 24 h is %(number)s, at or above %(threshold)s"),
    _("the change of 24 h is %(number)s, at or below %(threshold)s"),
    _("moved by %(number)s within %(seconds)s s, at least %(threshold)s"),
    _("first tick, at %(number)s: above"),
    _("first tick, at %(number)s: below"),
    _("first tick, at %(number)s: already holds"),
    _("first tick, at %(number)s: does not hold"),
    # Why prices are not live (core/staleness, feed_watch, exchanges)
    _("the feed is starting"),
    _("no symbol is watched"),
    _("waiting for the feed"),
    _("nothing heard from the feed"),
    _("waiting for the first price"),
    _("not connected to the exchange"),
    _("prices come %(seconds)s s later than usual"),
    _("the exchange is silent for %(seconds)s s"),
    _("nothing is subscribed"),
    _("connecting"),
    _("it is old enough"),
    _("a subscription was not answered"),
    _("no data for %(seconds)s s and no answer to a ping"),
    _("no data for %(seconds)s s, although it answers pings"),
    _("no answer within %(seconds)s s"),
    _("no sound answer: %(reason)s"),
    _("the connection was lost"),
    _("the connection was given up: %(reason)s"),
    _("the exchange closed the connection: %(reason)s"),
    _("the exchange is about to shut the connection down"),
    _("the request budget of this minute is used up"),
    _("the feed does not say why"),
    # Why a page is not connected (static/market/js/live)
    *(_("the server does not answer"), _("the server cannot be reached"), _("the server is restarting")),
    *(_("the server's answers fell silent"), _("the server's answer is unreadable"), _("the event stream broke")),
    *(_("the server is going away"), _("the server has too many visitors"), _("the server asks for a sign-in")),
    _("the server closed the connection for breaking its rules"),
    _("the server does not allow this page to connect"),
    _("the connection to the server broke"),
    _("the server answered %(status)s"),
    _("the server's message is unreadable (%(reason)s)"),
    _("the browser does not allow it (%(reason)s)"),
    _("alerts: %(status)s"),
    # How a delivery went (notify, dispatch, outbox)
    _("accepted by the mail server"),
    _("no mail server is set: EMAIL_URL"),
    _("the mail server said %(status)s"),
    _("the mail server refused the recipient: %(status)s"),
    _("the mail server: %(reason)s"),
    _("the address or the message cannot be sent"),
    _("the host has no address"),
    _("the host is in a private network, see ALLOW_PRIVATE_WEBHOOKS"),
    _("the webhook answered %(status)s"),
    _("the webhook is gone: 410"),
    _("the webhook has no secret to sign with"),
    _("the secret is not one of Standard Webhooks (whsec_...)"),
    _("the address is not a URL"),
    _("the address is not http:// or https://"),
    _("apprise does not know this kind of address"),
    _("%(service)s took it"),
    _("%(service)s did not take it"),
    _("given up: the recipient was disabled for a day"),
    _("a fault of ours: %(reason)s"),
    _("SECRET_KEY or SALT_KEY changed: enter address and secret again"),
    # What a page answers a form with (alert_desk, ack_link)
    _("there is no alert %(number)s"),
    _("There is no alert %(number)s."),
    _("only staff and the owner of its rule may do this"),
    _("minutes is a whole number from 1 to %(number)s"),
    _("the database does not answer"),
    _("a link that was sent"),
    _("This link is too old."),
    _("This link is not complete."),
    # What staff did in a list (audit, the history of a row)
    *(_("Enabled in the list."), _("Disabled in the list."), _("Enabled in the list"), _("Disabled in the list")),
    *(_("Switched on in the list."), _("Switched off in the list."), _("Paused for an hour in the list.")),
    *(_("Paused for a day in the list."), _("Resumed in the list."), _("Switched on in the list")),
    *(_("Switched off in the list"), _("Paused for an hour in the list"), _("Paused for a day in the list")),
    *(_("Resumed in the list"), _("Verified with the exchange."), _("To be sent again."), _("Sent a test.")),
    *(_("Address replaced"), _("Secret replaced"), _("Address and secret replaced")),
    *(_("Moved in the chart"), _("Moved in the chart: %(what)s."), _("Taken back in the chart")),
    _("Sent a test broadcast: %(price)s."),
    _("Delivered."),
    _("Delivered: %(reason)s"),
    # What a symbol cannot be (core/symbol)
    _("A symbol has at least one character."),
    _("A symbol has at most %(number)s characters."),
    _("%(character)s cannot be in a symbol: letters, digits, - _ . only, like BTCUSDT."),
    _("%(old)s became %(new)s in %(year)s: watch %(symbol)s"),
)

_PLACE = re.compile(r"%\((\w+)\)s")
_LONG = ("what", "reason")
_SPECIAL = re.compile(r"([.*+?^${}()|\[\]\\/])")  # means the same to Python and to JavaScript


@dataclass(frozen=True, slots=True)
class _Known:
    text: str
    pattern: re.Pattern[str]


def phrase(text: str) -> str:
    """`text`, written by this program, in the reader's language, line by line; what is not known stays as it is."""
    if (get_language() or "en").startswith("en"):
        return text
    return "\n".join(_translated(line) for line in text.split("\n"))


def patterns() -> list[tuple[str, str]]:
    """Pairs of a regular expression for JavaScript and the active language's words, the most telling first."""
    return [(known.pattern.pattern.replace("(?P<", "(?<"), gettext(known.text)) for known in _known()]


def _translated(text: str) -> str:
    for known in _known():
        if match := known.pattern.fullmatch(text):
            values = match.groupdict()
            words = {name: _translated(value) if name in _LONG else value for name, value in values.items()}
            return _PLACE.sub(partial(_filled, words), gettext(known.text))
    return text


def _filled(words: dict[str, str], place: re.Match[str]) -> str:
    return words[place[1]]


@cache
def _known() -> tuple[_Known, ...]:
    """The longer the words beside the places, the earlier; places of any length come last."""
    order = sorted(PHRASES, key=lambda text: (any(f"%({name})s" in text for name in _LONG), -len(_PLACE.sub("", text))))
    return tuple(_Known(text, re.compile(_expression(text))) for text in order)


def _expression(text: str) -> str:
    pieces = _PLACE.split(text)  # words, the name of a place, words, ...
    words = [_SPECIAL.sub(r"\\\1", piece) for piece in pieces[::2]]
    places = [f"(?P<{name}>{'.+' if name in _LONG else r'[^ ]+(?: %)?'})" for name in pieces[1::2]]
    return "".join(word + place for word, place in zip(words, [*places, ""], strict=True))
