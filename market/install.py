"""What makes the board an application that can be installed: a manifest, and a service worker with a page for when

nothing can be reached. The worker keeps that page and what it is made of, and nothing else: no price, no answer of the
API and no page with prices is ever shown from a cache of it.
"""

import json
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from market.words import words_address

ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("maskable-512.png", "512x512", "maskable"),
)
# As tokens.css has it, for the frame that a system draws around the page.
PAPER = "#0d1117"
_SCRIPTS = ("page/early.js", "page/offline.js", "view/element.js", "model/format.js", "model/decimal.js", "words.js")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """https://www.w3.org/TR/appmanifest/ in the language of the reader."""
    words = {
        "id": reverse("board"),
        "name": "pricefeed",
        "short_name": "pricefeed",
        "description": _("Live prices, from the exchange to every screen"),
        "lang": get_language(),
        "start_url": reverse("board"),
        "scope": reverse("board"),
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": static(f"market/img/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    return _fresh(json.dumps(words, ensure_ascii=False), "application/manifest+json")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Its text names every file with the hash of its content: another version of any of them is another worker."""
    shell = [*_shell(), *([words] if (words := words_address(get_language() or settings.LANGUAGE_CODE)) else [])]
    offline_page = render(request, "market/offline.html").content
    version = blake2b(json.dumps(shell).encode() + offline_page, digest_size=8).hexdigest()
    told = json.dumps({"offline": reverse("offline"), "shell": shell, "version": version})
    worker = json.dumps(static("market/js/page/offline_worker.js"))
    return _fresh(f"self.pricefeed = {told};\nimportScripts({worker});\n", "text/javascript")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker shows where the server cannot be reached."""
    return _fresh(render(request, "market/offline.html").content, "text/html")


@lru_cache(maxsize=1)
def _shell() -> list[str]:
    """Addresses of all that the offline page loads."""
    styles = sorted(path.name for path in (Path(settings.BASE_DIR) / "static/market/css").glob("*.css"))
    names = [*(f"css/{name}" for name in styles), *(f"js/{name}" for name in _SCRIPTS), "img/icon.svg"]
    return [static(f"market/{name}") for name in names]


def _fresh(body: str | bytes, content_type: str) -> HttpResponse:
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}
    return HttpResponse(body, content_type=f"{content_type}; charset=utf-8", headers=headers)
