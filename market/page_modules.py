"""What a page's script imports, so that a browser asks for all of it at once instead of level by level."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings

_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?\bfrom\s*"(\.[^"]+)";', re.MULTILINE)


@cache
def modules_of(script: str) -> tuple[str, ...]:
    """Names of static files below `script`, without itself: each module that it imports, and those that they do."""
    root = Path(settings.BASE_DIR) / "static"
    found: dict[Path, None] = {}
    _follow(root / script, found)
    return tuple(sorted(str(path.relative_to(root)) for path in found))


def _follow(file: Path, found: dict[Path, None]) -> None:
    for name in _IMPORT.findall(file.read_text(encoding="utf-8")):
        path = (file.parent / name).resolve()
        if path not in found:
            found[path] = None
            _follow(path, found)
