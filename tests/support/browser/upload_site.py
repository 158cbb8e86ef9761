"""An app's own web server on loopback: one page that loads the platform's upload SDK, and signatures for it."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from openvod.access.service import IssuedKey
from support.server import PlatformServer
from support.server.wire import signature

_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Upload</title>
<h1>Upload</h1><p><label>Video <input id="media" type="file" multiple></label>
<label>Picture <input id="cover" type="file"></label></p>
{scripts}
<script>
const getSignature = () => fetch("/signature").then((answer) => answer.text());
const seen = [];
const plain = (error) => ({{ name: error.name, kind: error.kind, code: error.code, message: error.message }});
let uploader;
function start(options = {{}}, client = {{}}) {{
  window.outcome = undefined;
  uploader = new TcVod.default({{ getSignature, ...client }}).upload({{
    mediaFile: document.getElementById("media").files[0],
    coverFile: document.getElementById("cover").files[0],
    ...options,
  }});
  for (const name of ["media_progress", "media_upload", "cover_progress", "cover_upload", "state"]) {{
    uploader.on(name, (value) => seen.push([name, value]));
  }}
  uploader.done().then(
    (result) => {{ window.outcome = {{ result }} }},
    (error) => {{ window.outcome = {{ error: plain(error) }} }},
  );
}}
</script>{body}</html>"""


def _key_of(platform: PlatformServer) -> IssuedKey:
    """Create a key pair from another thread: an open browser runs an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(platform.create_key).result()


class UploadSite:
    """Serves ``/`` and ``/signature``; use as a context manager.

    ``changes`` are wire parameters of the signatures from now on, ``headers`` go with the page.
    """

    def __init__(self, platform: PlatformServer) -> None:
        self.platform = platform.url
        self.key = _key_of(platform)
        self.changes: dict[str, object] = {}
        self.headers: dict[str, str] = {}
        self.scripts: tuple[str, ...] = ("openvod.umd.js",)
        #: More of the page, before its script and after it; and further files.
        self.head = ""
        self.body = ""
        self.files: dict[str, bytes] = {}
        self.language = "en"
        self.asked: Counter[str] = Counter()
        #: What pages reported by fetching ``/report?…``.
        self.reports: list[str] = []
        self.url = ""

    def signature(self) -> str:
        """Return a signature with the parameters of now."""
        return signature(self.key, **self.changes)

    def page(self) -> str:
        """Return the page as it is now."""
        sources = (f"{self.platform}/sdk/{name}" for name in self.scripts)
        tags = "".join(
            f'<script {"type=module " if ".esm." in source else ""}src="{source}"></script>' for source in sources
        )
        return _PAGE.format(scripts=self.head + tags, body=self.body, language=self.language)

    def __enter__(self) -> UploadSite:
        """Start serving."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                site.asked[parts.path] += 1
                kind, body = "text/plain", b""
                if parts.path == "/":
                    kind, body = "text/html; charset=utf-8", site.page().encode()
                elif parts.path == "/signature":
                    body = site.signature().encode()
                elif parts.path in site.files:
                    script = parts.path.endswith(".js")
                    kind = f"text/{'javascript' if script else 'html'}; charset=utf-8"
                    body = site.files[parts.path]
                elif parts.path == "/report":
                    site.reports.append(unquote(parts.query))
                self.send_response(200)
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
