"""Pages for the browser. Each is one file that loads nothing and works from the disk.

The content of a page is JSON inside it. The scripts in `page/` draw it, one script per part.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mnistae_cli.common import legible
from mnistae_cli.data import ImageSource
from mnistae_cli.pictures.palette import PALETTE
from mnistae_cli.pictures.tiles import Tiles

# In this order: `base.js` must be first, `start.js` last.
SCRIPTS = ("base.js", "map.js", "sheet.js", "review.js", "start.js")


@dataclass(frozen=True)
class Page:
    """A page: its title, a sentence under it, and its parts: name in `page/*.js` → content by `parts.py`, in order."""

    title: str
    intro: str
    parts: Mapping[str, Mapping[str, Any]]

    def write(self, path: Path, tiles: Tiles, images: Mapping[str, ImageSource]) -> None:
        """Write the page as one file; `tiles` are the small images of its parts, from `images`: split → its images."""
        data = {"palette": PALETTE, "tiles": tiles.sheets(images), "parts": _shown(self.parts)}
        script = "\n".join(_file(name) for name in SCRIPTS)
        content = {
            "policy": _policy(script),
            "title": html.escape(legible(self.title)),
            "intro": html.escape(legible(self.intro)),
            "style": _file("page.css"),
            # `<` may start the end tag of the element, or a comment. In JSON it can be written differently.
            "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
            "script": script,
        }
        head, *rest = _file("page.html").split("{{")
        pieces = [head]
        for each in rest:
            name, _, after = each.partition("}}")
            pieces += [content[name], after]
        path.write_text("".join(pieces), encoding="utf-8")


def _shown(content: Any) -> Any:
    """The content of a part with every text `legible`."""
    if isinstance(content, str):
        return legible(content)
    if isinstance(content, Mapping):
        return {name: _shown(each) for name, each in content.items()}
    return [_shown(each) for each in content] if isinstance(content, list | tuple) else content


def _policy(script: str) -> str:
    """The browser runs only this script, and requests nothing from any host, whatever the data contains."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return (resources.files("mnistae_cli.pictures") / "page" / name).read_text(encoding="utf-8")
