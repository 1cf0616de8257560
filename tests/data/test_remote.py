"""Pictures on the web, from a server on this machine: by a flag, once, and nothing else."""

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from vlminterp.data import remote
from vlminterp.data.manifest import ManifestConfig, ManifestSource
from vlminterp.data.remote import Remote, Urls, cache_folder
from vlminterp.errors import InputError


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(buffer, "PNG")
    return buffer.getvalue()


class Pages(BaseHTTPRequestHandler):
    """A few pictures, and what else the web answers."""

    def do_GET(self):
        self.server.asked.append(self.path)
        path = self.path.partition("?")[0]
        if path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", path.removeprefix("/to/"))
            self.end_headers()
            return
        found = self.server.pages.get(path)
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A server whose `pages` can be changed; `asked` is what it was asked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.pages = {"/red.png": png("red"), "/é.png": b"", "/page.png": b"<html>gone</html>"}
    server.pages["/%C3%A9.png"] = png("blue")
    server.asked = []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def table(tmp_path):
    def write(*urls, allowed=Urls.any, **columns):
        rows = [{"image": url, "text": "a cat", **columns} for url in urls]
        path = tmp_path / "pairs.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return list(ManifestSource(ManifestConfig(str(path), urls=allowed)).pairs())

    return write


def reason(load):
    with pytest.raises(InputError) as raised:
        load()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_nothing_is_fetched_without_the_flag(web, table):
    (pair,) = table(f"{web.url}/red.png", allowed=Urls.never)
    assert "is an address on the web; data.urls=public fetches" in reason(pair.load_image)
    assert ManifestConfig("x").urls is Urls.never
    assert web.asked == []


def test_a_picture_is_fetched_once_when_it_is_read(web, table):
    (pair,) = table(f"{web.url}/red.png?size=1")
    assert web.asked == []
    assert pair.load_image().getpixel((0, 0)) == (255, 0, 0)
    web.pages.clear()
    (again,) = table(f"{web.url}/red.png?size=1")
    assert again.load_image().size == (4, 3)
    assert web.asked == ["/red.png?size=1"]
    assert len(list(cache_folder().iterdir())) == 1


def test_masks_and_boxes_of_pictures_on_the_web(web, table):
    (pair,) = table(f"{web.url}/red.png", mask=f"{web.url}/red.png")
    assert pair.load_mask().sum() == 12
    (pair,) = table(f"{web.url}/red.png", boxes=[[0, 0, 2, 2]])
    assert pair.load_mask().sum() == 4
    assert web.asked == ["/red.png"]


def test_dead_ones_say_why_and_are_asked_again(web, table):
    dead = [f"{web.url}/none.png", f"{web.url}/page.png", "http://127.0.0.1:9/x.png"]
    reasons = [reason(pair.load_image) for pair in table(*dead, f"{web.url}/red.png")[:3]]
    assert "/none.png: the host answers 404" in reasons[0]
    assert "/page.png: picture: not a picture" in reasons[1]
    assert "/x.png: can't be fetched (" in reasons[2]
    web.pages["/none.png"] = png("blue")
    assert table(dead[0])[0].load_image().getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize(
    "url", ["http://", "http://[", "http:///x", "http://a b/c", "http://é\0/x"]
)
def test_addresses_that_are_none(web, table, url):
    for pair in table(url):
        assert reason(pair.load_image)


def test_letters_beyond_ascii(web, table):
    (pair,) = table(f"{web.url}/é.png")
    assert pair.load_image().getpixel((0, 0)) == (0, 0, 255)


def test_redirects_are_followed_but_not_to_files(web, table, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(png("red"))
    good, file, ftp = table(
        f"{web.url}/to/{web.url}/red.png",
        f"{web.url}/to/file://{secret}",
        f"{web.url}/to/ftp://a/b",
    )
    assert good.load_image().size == (4, 3)
    for pair in (file, ftp):
        assert "the host answers 302" in reason(pair.load_image) or "unknown url" in reason(
            pair.load_image
        )


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "10.1.2.3", "169.254.169.254", "0.0.0.0",
     "[::ffff:127.0.0.1]", "192.168.1.1"],
)  # fmt: skip
def test_private_hosts_are_refused(web, table, host):
    (pair,) = table(f"http://{host}:{web.server_port}/red.png", allowed=Urls.public)
    assert "is no public host; if you trust the table, data.urls=any" in reason(pair.load_image)
    assert web.asked == []


def test_names_that_stand_for_private_addresses_are_refused(web, table, monkeypatch):
    """Of whatever name: what counts is whom the connection has reached."""
    connect = remote.http.client.socket.create_connection
    here = ("127.0.0.1", web.server_port)
    monkeypatch.setattr(
        "http.client.socket.create_connection", lambda _, *rest: connect(here, *rest)
    )
    (pair,) = table("http://pictures.example.org/red.png", allowed=Urls.public)
    assert "127.0.0.1 is no public host" in reason(pair.load_image)
    assert web.asked == []
    (pair,) = table("http://pictures.example.org/red.png", allowed=Urls.any)
    assert pair.load_image().size == (4, 3)


def test_a_redirect_to_a_private_host_is_refused(web, monkeypatch):
    monkeypatch.setattr(remote, "_refuse_private", refuse_but(web))
    url = f"http://127.0.0.1:{web.server_port}/to/http://169.254.169.254/latest/meta-data"
    assert "169.254.169.254 refused" in reason(Remote(url, Urls.public).file)


def refuse_but(web):
    def refuse(host):
        if host != "127.0.0.1":
            raise InputError(f"{host} refused")

    return refuse


def test_what_is_too_large_is_not_kept(web, table, monkeypatch):
    monkeypatch.setattr(remote, "LARGEST", 10)
    monkeypatch.setattr(remote, "_CHUNK", 4)
    (pair,) = table(f"{web.url}/red.png")
    assert "is larger than" in reason(pair.load_image)
    assert not cache_folder().exists()


def test_what_is_too_slow_is_given_up(web, table, monkeypatch):
    monkeypatch.setattr(remote, "_LONGEST", -1)
    (pair,) = table(f"{web.url}/red.png")
    assert "did not arrive within" in reason(pair.load_image)


def test_messages_hold_no_password_and_no_query(web, table):
    (pair,) = table(f"http://me:hunter2@127.0.0.1:{web.server_port}/none.png?key=hunter3")
    message = reason(pair.load_image)
    assert "http://127.0.0.1/none.png" in message
    assert "hunter" not in message


def test_a_proxy_is_asked_in_its_place(web, table, monkeypatch):
    """A proxy is private nearly always; that is no reason to refuse what it fetches."""
    monkeypatch.setenv("http_proxy", web.url)
    web.pages["http://pictures.example.org/red.png"] = png("red")
    (pair,) = table("http://pictures.example.org/red.png", allowed=Urls.public)
    assert pair.load_image().size == (4, 3)
    (pair,) = table("http://192.168.1.1/red.png", allowed=Urls.public)
    assert "is no public host" in reason(pair.load_image)
