"""For base.html: the language of the page, its words for JavaScript, and the form that changes how pages look."""

from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import get_language

from market.look import rise_of
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
