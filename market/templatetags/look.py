"""For base.html: the language of the page, its words for JavaScript, and the form that changes how pages look."""

from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.dateformat import format as date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from market.look import rise_of
from market.phrases import phrase
from market.words import words_address

register = template.Library()


@register.simple_tag(takes_context=True)
def rise(context: template.Context) -> str:
    """`green` or `red`: what a rising price is painted in."""
    return rise_of(context.get("request"))


@register.simple_tag
def words_script() -> str:
    """The address of the words for JavaScript; empty where the page needs none."""
    return words_address(get_language() or settings.LANGUAGE_CODE)


@register.filter(name="phrase")
def phrase_filter(text: str) -> str:
    """A sentence that this program wrote in English, in the reader's language."""
    return phrase(text)


@register.simple_tag
def place(name: str, words: str = "") -> SafeString:
    """Where a script of the page fills something in, within a sentence that is translated as a whole."""
    return format_html("<span data-{}>{}</span>", name, words)


@register.simple_tag
def moment(at: datetime, form: str, kind: str) -> SafeString:
    """A time in UTC, marked as such; view/local_time.js writes it as `kind` where the reader is."""
    return format_html('<time datetime="{}" data-time="{}">{} UTC</time>', at.isoformat(), kind, date_format(at, form))


@register.inclusion_tag("admin/languages.html", takes_context=True)
def languages(context: template.Context) -> dict[str, Any]:
    """The form of the admin, which has colours of its own."""
    return look(context)


@register.inclusion_tag("market/_look.html", takes_context=True)
def look(context: template.Context) -> dict[str, Any]:
    """The form. A page that answers a POST cannot be gone back to."""
    request = context.get("request")
    return {
        "languages": settings.LANGUAGES,
        "language": get_language() or settings.LANGUAGE_CODE,
        "rise": rise_of(request),
        "next": request.get_full_path() if request is not None and request.method == "GET" else "",
    }
