"""What the served board says, read without a browser: as someone without JavaScript sees it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from market.core.display import THIN_SPACE

VOID = {"br", "col", "img", "input", "link", "meta", "source"}
CELLS = ("name", "price", "change_24h", "high_24h", "low_24h", "bid", "ask", "volume_24h", "quote_volume_24h", "at")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """Whitespace squeezed, thin spaces as plain ones."""
        parts = (child if isinstance(child, str) else child.text for child in self.children)
        return " ".join("".join(parts).replace(THIN_SPACE, " ").split())

    def all(self, tag: str, **attributes: str | None) -> "list[Element]":
        """Descendants by tag and `data_` attributes; None: it is there, whatever it says. Not inside templates."""
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, str) or child.tag == "template":
                continue
            if child.tag == tag and child.has(attributes):
                found.append(child)
            found += child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str | None) -> "Element":
        (element,) = self.all(tag, **attributes)
        return element

    def has(self, attributes: dict[str, str | None]) -> bool:
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return all(name in self.attributes and value in (None, self.attributes[name]) for name, value in wanted.items())

    @property
    def hidden(self) -> bool:
        return "hidden" in self.attributes


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parse(html: str) -> Element:
    """The document; fails where tags do not match."""
    builder = _Builder()
    builder.feed(html)
    return builder.root


def rows(page: Element) -> list[dict[str, str]]:
    """The table's rows: `key`, `mark` and the text of each cell by its name."""
    found = []
    for row in page.one("tbody").all("tr"):
        (name,) = row.all("th")
        cells = {"key": row.attributes["data-key"], "mark": row.one("span", **{"class": "mark"}).text}
        cells["name"] = name.text.removesuffix(cells["mark"]).strip()
        for cell in row.all("td"):
            cells[cell.attributes["data-cell"]] = cell.text
        found.append(cells)
    return found


def shown_notice(page: Element) -> str:
    """The sentence that says why prices stand still; empty when none does."""
    return " ".join(notice.text for notice in page.all("div", data_notice=None) if not notice.hidden)
