"""Every sentence that people read is marked for translation, and each has its Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import django
import polib
import pytest
from django.conf import settings
from django.utils import translation

from market.phrases import PHRASES, phrase
from tests.support.catalogs import DOMAINS, LOCALE, catalog_path, entries, extract, translations, untranslated
from tests.support.services import CHECKOUT, require

PLACES = re.compile(r"%\(\w+\)[sd]|%[sd%]")
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")  # what only a sentence has
GETTEXT = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext", "pgettext_lazy", "_"}
# The same words mean the same in Django's own pages.
SHARED = {"Add", "Filter", "Home", "active", "now"}
# Names, units, and what is the same in every language.
NAMES = re.compile(r"pricefeed|UTC|TradingView(,? Inc\.| Lightweight Charts™)?|&\w+;|©")
# What only programmers read, wherever it stands in a script.
FOR_PROGRAMMERS = re.compile(r"console\.|new Error\(|import |need\(|querySelector|closest\(|matches\(")
# Modules whose words people read on a page, beside the admin and the models.
ON_PAGES = (
    *("alert_timeline", "alert_views", "broadcast", "recipient_form", "rule_form", "rule_limits", "standing"),
    *("symbol_form", "symbol_page", "symbol_views", "status_page", "status_views", "threshold_api", "notify/wording"),
)
# Names of tasks and rows that no page shows.
NOT_SHOWN = {"board of user ", " last seen ", " alive at ", " ms of "}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("gettext")
    folder = tmp_path_factory.mktemp("words")
    extract(folder)
    return folder


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_catalog_has_exactly_the_sentences_of_the_sources(fresh: Path, domain: str) -> None:
    there, here = entries(catalog_path(domain, fresh)), entries(catalog_path(domain))

    assert sorted(set(there) - set(here)) == [], "new sentences: run `make words` and translate them"
    assert sorted(set(here) - set(there)) == [], "sentences that are gone: run `make words`"
    assert [key for key in here if here[key].msgid_plural != there[key].msgid_plural] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_sentence_has_its_translation(domain: str) -> None:
    assert list(untranslated(catalog_path(domain))) == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_translation_fills_the_same_places(domain: str) -> None:
    for entry in entries(catalog_path(domain)).values():
        for words in translations(entry):
            wanted = set(PLACES.findall(entry.msgid_plural or entry.msgid))

            assert set(PLACES.findall(words)) == wanted, entry.msgid


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_programs_read_is_what_translators_wrote(domain: str) -> None:
    """The .mo is committed, so that nobody needs gettext to run this; `make words` writes it."""
    path = catalog_path(domain)
    source, compiled = entries(path), entries(path.with_suffix(".mo"))

    assert compiled.keys() == source.keys()
    for key, entry in source.items():
        assert translations(compiled[key]) == translations(entry)


def test_no_word_of_ours_takes_the_place_of_another_one_of_django() -> None:
    """Django has one catalog for all: where a word means something else to us, it needs a context."""
    ours = entries(catalog_path("django"))
    taken = set()
    for path in (Path(django.__file__).parent).rglob(f"{LOCALE}/LC_MESSAGES/django.mo"):
        for key, entry in entries(path).items():
            if key in ours and translations(ours[key])[0] != translations(entry)[0]:
                taken.add(key[1])

    assert taken <= SHARED


@pytest.mark.parametrize("path", sorted((CHECKOUT / "templates").rglob("*.*")), ids=lambda path: path.name)
def test_a_template_shows_no_words_that_are_not_marked(path: Path) -> None:
    assert [words for words in _shown_words(path.read_text()) if re.search("[A-Za-z]{2}", NAMES.sub("", words))] == []


def _shown_words(text: str) -> Iterator[str]:
    for marked in (r"comment %\}.*?\{% endcomment", r"blocktranslate.*?\{% endblocktranslate"):
        text = re.sub(r"\{% " + marked + r" %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    yield from re.findall(r'\b(?:title|aria-label|placeholder|alt)="([^"]+)"', text)
    yield from re.findall(r'<input[^>]*type="submit"[^>]*value="([^"]+)"', text)
    text = re.sub(r"<(script|style|code|kbd)\b[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    yield from re.sub(r"<[^>]*>", "\n", text, flags=re.DOTALL).splitlines()


def scripts() -> list[Path]:
    return sorted((CHECKOUT / "static/market/js").rglob("*.js"))


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_a_script_has_no_sentence_that_is_not_marked(path: Path) -> None:
    assert [words for words in _sentences(path.read_text()) if not _is_phrase(words)] == []


def _sentences(text: str) -> Iterator[str]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\b(?:gettext|gettext_noop|ngettext|pgettext)\(\s*(?:\"[^\"]*\",?\s*)+", "(", text)
    for line in text.splitlines():
        line = re.sub(r"(^|\s)//.*", "", line)
        if not FOR_PROGRAMMERS.search(line):
            for words in re.findall(r"\"[^\"]*\"|`[^`]*`", line):
                words = words[1:-1].replace("long poll", "")  # the name of a transport
                if WORDS.search(re.sub(r"\$\{.*?\}", " ", words)):
                    yield words


def _is_phrase(words: str) -> bool:
    """Whether it is what the page says in the reader's language when it shows it: `phrase` of words.js."""
    return any(_skeleton(words) == _skeleton(known) for known in PHRASES)


def _skeleton(words: str) -> str:
    return re.sub(r"\$\{.*?\}|%\(\w+\)s", "…", words)


def modules() -> list[Path]:
    market = CHECKOUT / "market"
    return [
        *(market / "admin").glob("*.py"),
        *(market / "models").glob("*.py"),
        *(market / f"{n}.py" for n in ON_PAGES),
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_a_module_of_pages_has_no_sentence_that_is_not_marked(path: Path) -> None:
    assert [words for words in _unmarked(ast.parse(path.read_text()), marked=False) if not _is_part(words)] == []


def _unmarked(node: ast.AST, *, marked: bool) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        marked = marked or name in GETTEXT or name.split(".")[0] in ("log", "logger")
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and not marked and WORDS.search(node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)  # a docstring
        if not is_text and not isinstance(child, ast.Raise):  # a fault of a program, or a Refused of the protocol
            yield from _unmarked(child, marked=marked)


def _is_part(words: str) -> bool:
    return words in NOT_SHOWN or any(words.strip(" .") in known for known in PHRASES)


SAID = [
    ("BTCUSDT crossed above 95000 (simulated price)", "BTCUSDT 已上穿 95000（模拟价格）"),
    ("BTCUSDT crossed above 95000 3 times", "BTCUSDT 已上穿 95000，共 3 次"),
    ("95010 is at or above 95000, for 10 s\nmy own note", "95010 达到或高于 95000，持续 10 秒\nmy own note"),
    ("moved by 2.1 % within 60 s, at least 2 %", "60 秒内波动 2.1 %，至少 2 %"),
    ("no prices of binance: the exchange is silent for 30 s", "binance 行情中断：交易所已有 30 秒没有数据"),
    ("Recipient On call was disabled: 20 failures in a row since 2026-01-10 12:00 UTC",
     "接收人 On call 已被停用：自 2026-01-10 12:00 UTC 起连续失败 20 次"),
    ("something that nobody translated", "something that nobody translated"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("english", "chinese"), SAID)
def test_a_stored_sentence_is_said_in_the_language_of_the_reader(english: str, chinese: str) -> None:
    with translation.override("zh-hans"):
        assert phrase(english) == chinese
    with translation.override("en"):
        assert phrase(english) == english


@pytest.mark.parametrize("known", PHRASES)
def test_each_phrase_is_found_by_its_own_words(known: str) -> None:
    filled = re.sub(r"%\((\w+)\)s", lambda place: f"{place[1]}1", known)

    with translation.override("zh-hans"):
        assert phrase(filled) != filled or not re.search("[\u4e00-\u9fff]", translation.gettext(known))


def test_the_languages_that_can_be_chosen_have_a_catalog() -> None:
    codes = [code for code, _ in settings.LANGUAGES]

    assert codes == ["en", "zh-hans"]
    assert polib.pofile(str(catalog_path("django"))).metadata["Language"] == translation.to_locale("zh-hans")
