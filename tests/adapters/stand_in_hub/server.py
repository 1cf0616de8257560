"""The part of the hub's protocol that its clients need, on the loopback, over folders."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

MAIN = "main"
CONVERSION = ("discussions", "refs/pr", "/commits/", "safetensors-convert")
"""Parts of the addresses that transformers asks when it wants weights converted."""


class StandInHub:
    """Serves `ORG/NAME` folders; `ORG/NAME@REVISION` is another revision of the same repository.

    Repositories of the organisation `gated` want terms accepted that nobody has accepted. Every
    request is kept in `requests`, as "METHOD /path".
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self})
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "StandInHub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def conversions(self) -> list[str]:
        """Returns the requests that transformers makes only to have weights converted."""
        return [line for line in self.requests if any(part in line for part in CONVERSION)]

    def folder(self, repository: str, revision: str) -> Path | None:
        """Returns where a revision (a branch, a tag or a commit) of a repository lies."""
        main = self.root / repository
        for folder in [main, *main.parent.glob(f"{main.name}@*")]:
            name = folder.name.partition("@")[2] or MAIN
            if folder.is_dir() and revision in (name, commit(folder)):
                return folder
        return None


def commit(folder: Path) -> str:
    """Returns the commit that a folder stands for."""
    return hashlib.sha1("/".join(folder.parts[-2:]).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: StandInHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(self.path.partition("?")[0])
        self.hub.requests.append(f"{self.command} {path}")
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"] and len(parts) >= 4:
            self._describe("/".join(parts[2:4]), parts[4:])
        elif len(parts) >= 5 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self._send(b"", status=200 if path == "/" else 404)

    def _found(self, repository: str, revision: str) -> Path | None:
        if repository.startswith("gated/"):
            self._send(b"", 403, {"X-Error-Code": "GatedRepo"})
            return None
        folder = self.hub.folder(repository, revision)
        if folder is None:
            known = self.hub.folder(repository, MAIN) is not None
            code = "RevisionNotFound" if known else "RepoNotFound"
            self._send(b"", 404, {"X-Error-Code": code})
        return folder

    def _describe(self, repository: str, rest: list[str]) -> None:
        if rest and rest[0] not in ("revision", "tree"):
            self._send(b"", 404)
            return
        folder = self._found(repository, rest[1] if len(rest) > 1 else MAIN)
        if folder is None:
            return
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [path.relative_to(folder).as_posix() for path in files]
        if rest[:1] == ["tree"]:
            entries = [
                {"type": "file", "path": name, "size": path.stat().st_size, "oid": "0" * 40}
                for name, path in zip(names, files, strict=True)
            ]
            self._send(json.dumps(entries).encode())
            return
        facts = {"id": repository, "modelId": repository, "sha": commit(folder)}
        siblings = [{"rfilename": name} for name in names]
        self._send(json.dumps({**facts, "private": False, "siblings": siblings}).encode())

    def _resolve(self, repository: str, revision: str, name: str) -> None:
        folder = self._found(repository, revision)
        if folder is None:
            return
        headers = {"X-Repo-Commit": commit(folder)}
        if not (folder / name).is_file():
            self._send(b"", 404, {**headers, "X-Error-Code": "EntryNotFound"})
            return
        content = (folder / name).read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        self._send(content, headers={**headers, "ETag": f'"{etag}"'})

    def _send(
        self, content: bytes, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
