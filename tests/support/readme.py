"""What README.md says, for the tests that hold it to its word."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.services import CHECKOUT

README = CHECKOUT / "README.md"


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block of code. `line` is where it starts, `language` what stands after the fence."""

    line: int
    language: str
    code: str


def readme_examples(*languages: str) -> list[Example]:
    """The fenced blocks of the README in their order, of these languages or all."""
    blocks = re.finditer(r"^```(\w*)\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    examples = [Example(block.string.count("\n", 0, block.start()) + 1, block[1], block[2]) for block in blocks]
    return [example for example in examples if not languages or example.language in languages]


def documented_settings() -> list[str]:
    """Names in the first column of the table below "## Settings"."""
    section = re.search(r"^## Settings$(.*?)(?=^## |\Z)", README.read_text(), re.MULTILINE | re.DOTALL)
    if section is None:
        raise ValueError("README.md has no section '## Settings'")
    return re.findall(r"^\| `([A-Z0-9_]+)` \|", section[1], re.MULTILINE)


def environment_names() -> list[str]:
    """Names that pricefeed/settings.py reads from the environment, in its order."""
    return list(_names(ast.parse((CHECKOUT / "pricefeed/settings.py").read_text())))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env.") and node.args:
            yield ast.literal_eval(node.args[0])
