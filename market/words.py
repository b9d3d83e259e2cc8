"""The words of the page's JavaScript: Django's catalog as a script, under an address that changes with it."""

import json
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation.trans_real import DjangoTranslation
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from market.phrases import patterns

_TYPE = "text/javascript; charset=utf-8"
_FOR_EVER = "public, max-age=31536000, immutable"
_ENGLISH = "en"  # its words are the keys


@require_safe
def words(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """`globalThis.pricefeedWords` for static/market/js/words.js. An old version is answered with today's, uncached."""
    if language not in dict(settings.LANGUAGES):
        raise Http404(language)
    script = _script(language)
    headers = {"Cache-Control": _FOR_EVER if version == _version(script) else "no-cache"}
    return HttpResponse(script, content_type=_TYPE, headers=headers)


def words_address(language: str) -> str:
    """Where the words of a language are; empty for English, which needs none."""
    if language == _ENGLISH:
        return ""
    return reverse("words", args=[language, _version(_script(language))])


class _Catalog(JavaScriptCatalog):
    def script(self, language: str) -> str:
        self.translation = DjangoTranslation(language, domain=self.domain, localedirs=[])
        context: dict[str, Any] = self.get_context_data()
        # The plural rule is an expression of the catalog's own header, in C and in JavaScript alike.
        with translation.override(language):
            told = {"language": language, "catalog": context["catalog"], "phrases": patterns()}
        words = json.dumps(told, ensure_ascii=False, sort_keys=True)
        plural = context["plural"] or "n != 1"
        return f"globalThis.pricefeedWords = {{...{words}, plural: (n) => Number({plural})}};\n"


@lru_cache(maxsize=8)
def _script(language: str) -> str:
    return _Catalog().script(language)


def _version(script: str) -> str:
    return blake2b(script.encode(), digest_size=6).hexdigest()
