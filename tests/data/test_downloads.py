import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mnistae_cli.common.errors import MissingInput
from mnistae_cli.common.progress import Advance, Notice
from mnistae_cli.data.downloads import fetch

CONTENT = b"the right bytes" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server on this machine with a `right` and a `wrong` folder; no other folder is there."""
    for folder, content in (("right", CONTENT), ("wrong", b"wrong")):
        (tmp_path / "web" / folder).mkdir(parents=True)
        (tmp_path / "web" / folder / "file.gz").write_bytes(content)
    handler = partial(Handler, directory=str(tmp_path / "web"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_mirrors_are_tried_in_turn_until_the_hash_is_right(server: str, tmp_path: Path) -> None:
    told: list[object] = []
    mirrors = ["http://127.0.0.1:1/", f"{server}none/", f"{server}wrong/", f"{server}right/"]
    path = fetch("file.gz", SHA256, mirrors, tmp_path / "cache", told.append)
    assert path.read_bytes() == CONTENT
    assert len([event for event in told if isinstance(event, Notice)]) == 3
    last = [event for event in told if isinstance(event, Advance)][-1]
    assert (last.done, last.unit) == (last.total, "bytes")


def test_a_sound_file_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(CONTENT)
    assert fetch("file.gz", SHA256, ["http://127.0.0.1:1/"], tmp_path, lambda _: None).read_bytes() == CONTENT


def test_a_damaged_file_is_fetched_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(b"damaged")
    assert fetch("file.gz", SHA256, [f"{server}right/"], tmp_path, lambda _: None).read_bytes() == CONTENT


def test_offline_names_the_file_its_hash_the_folder_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(MissingInput) as refused:
        fetch("file.gz", SHA256, ["http://127.0.0.1:1/"], tmp_path / "cache", lambda _: None)
    message = f"{refused.value.problem} {refused.value.remedy}"
    for word in ("file.gz", SHA256, str(tmp_path / "cache"), "dataset='digits'"):
        assert word in message
    assert not (tmp_path / "cache" / "file.gz").exists()
