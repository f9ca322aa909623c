"""Pages for the browser: one file each, that loads nothing and works from the disk.

What a page shows goes into it as JSON. The scripts in `page/` draw it, a script for each part.
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

from mnistae_cli.data import ImageSource
from mnistae_cli.pictures.palette import PALETTE
from mnistae_cli.pictures.tiles import Tiles

# The order is that of the script: `base.js` first, `start.js` last.
SCRIPTS = ("base.js", "map.js", "sheet.js", "review.js", "start.js")


@dataclass(frozen=True)
class Page:
    """A page.

    Args:
        title: of the page.
        intro: a sentence under the title.
        parts: name of the part, as `page/*.js` knows it → what it shows, as `parts.py` makes it, in their order.
    """

    title: str
    intro: str
    parts: Mapping[str, Mapping[str, Any]]

    def write(self, path: Path, tiles: Tiles, images: Mapping[str, ImageSource]) -> None:
        """Write the page as one file.

        Args:
            path: of the file.
            tiles: the small images that the parts name.
            images: split → its images, of which the tiles are taken.
        """
        data = {"palette": PALETTE, "tiles": tiles.sheets(images), "parts": self.parts}
        script = "\n".join(_file(name) for name in SCRIPTS)
        content = {
            "policy": _policy(script),
            "title": html.escape(self.title),
            "intro": html.escape(self.intro),
            "style": _file("page.css"),
            # `<` may begin the end of the element, or a comment; a string of JSON may write it otherwise.
            "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
            "script": script,
        }
        head, *rest = _file("page.html").split("{{")
        pieces = [head]
        for each in rest:
            name, _, after = each.partition("}}")
            pieces += [content[name], after]
        path.write_text("".join(pieces), encoding="utf-8", errors="replace")


def _policy(script: str) -> str:
    """The browser runs this one script, and asks no host for anything, whatever a name in the data says."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return (resources.files("mnistae_cli.pictures") / "page" / name).read_text(encoding="utf-8")
