"""Clients of the browser: the official bundles in one Chromium, a fresh profile for each scenario."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from clients.drivers.base import NOT_YET, Driver, Job, Outcome, Run
from clients.drivers.storage import STORAGE_LACKS, StorageDriver
from clients.stage import Stage
from support.browser.chromium import launch

_PAGES = Path(__file__).parents[1] / "pages"
_OFFICIAL = ("*.qcloud.com", "vod2.dnsv1.com", "*.myqcloud.com", "*.tencentcos.cn")
APP_HOST = "app.example.test"


class Browsers:
    """At most two Chromiums, each started when first asked for. Use as a context manager."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stack = ExitStack()

    def __enter__(self) -> Browsers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def _playwright(self) -> Playwright:
        return self._stack.enter_context(sync_playwright())

    @cached_property
    def mapped(self) -> Browser:
        """Chromium that finds the official hosts at the proxy and trusts the test authority, nothing else changed."""
        home = self._stage.folder / "home"
        database = home / ".pki" / "nssdb"
        database.mkdir(parents=True)
        trust = ["-A", "-n", "test", "-t", "C,,", "-i", str(self._stage.certificates.authority)]
        for arguments in (["-N", "--empty-password"], trust):
            subprocess.run(["certutil", "-d", f"sql:{database}", *arguments], check=True, capture_output=True)
        rules = ",".join(f"MAP {host} 127.0.0.1:{self._stage.proxy.tls_port}" for host in _OFFICIAL)
        return self._launch(f"{rules},MAP {APP_HOST} 127.0.0.1:{self._stage.app.tls_port}", {"HOME": str(home)})

    @cached_property
    def plain(self) -> Browser:
        """Chromium that reaches loopback by its address and can resolve no name at all."""
        return self._launch("MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", {})

    def _launch(self, rules: str, environment: Mapping[str, str]) -> Browser:
        chromium = launch(self._playwright, [f"--host-resolver-rules={rules}"], {**os.environ, **environment})
        self._stack.callback(chromium.close)
        return chromium


class PageRun(Run):
    """An upload in a page. ``form`` names the files of the inputs; ``options`` go to the page's ``start``."""

    def __init__(
        self, context: BrowserContext, url: str, files: Mapping[str, Path], options: Mapping[str, Any]
    ) -> None:
        self.page: Page = context.new_page()
        self._url = url
        self._files = files
        self._options = options
        self.page.goto(url)
        self._start()

    def _start(self) -> None:
        for name, path in self._files.items():
            self.page.set_input_files(f"#{name}", path)
        self.page.evaluate("options => start(options)", self._options)

    def wait(self, timeout: float) -> Outcome:
        """Wait for the page's outcome."""
        self.page.wait_for_function("window.outcome", timeout=timeout * 1000)
        outcome = Outcome.of(self.page.evaluate("window.outcome"))
        self.page.close()
        return outcome

    def kill(self) -> None:
        """Kill the processes of pages; the profile stays, as it does on a user's disk."""
        browser = self.page.context.browser
        assert browser is not None
        session = browser.new_browser_cdp_session()
        for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
            if process["type"] == "renderer":
                os.kill(process["id"], signal.SIGKILL)
        session.detach()
        self.page.close()

    def tell(self, command: str, *arguments: object) -> None:
        """Press a control of the page; or reload it, which ends the upload, and start ``again``."""
        if command == "reload":
            self.page.goto(self._url)
        elif command == "again":
            self._start()
        else:
            self.page.evaluate("([command, given]) => { controls[command](...given) }", [command, list(arguments)])

    def close(self) -> None:
        """Close the page."""
        self.page.close()


class BrowserDriver(Driver):
    """A bundle in a page of the app's."""

    page: str
    bundle: str
    options: Mapping[str, Any] = {}
    group = "browser"
    #: In the Chromium that finds the official hosts at the proxy.
    mapped = True

    def __init__(self, packages: Path, browsers: Browsers) -> None:
        super().__init__(packages)
        self._browsers = browsers
        self._context: BrowserContext | None = None

    def begin(self, stage: Stage) -> None:
        """Open a profile and publish the page with the bundle as it comes."""
        browser = self._browsers.mapped if self.mapped else self._browsers.plain
        self._context = browser.new_context(viewport={"width": 900, "height": 640})
        self._context.add_init_script(path=_PAGES / "shift_clock.js")
        bundle = (self.packages / self.bundle).read_bytes()
        scripts = f'{self.script_before(stage)}<script src="/{self.bundle}"></script>'
        page = (_PAGES / self.page).read_text().replace("<!--scripts-->", scripts).encode()
        stage.app.pages["/"] = lambda: ("text/html; charset=utf-8", page)
        stage.app.pages[f"/{self.bundle}"] = lambda: ("text/javascript; charset=utf-8", bundle)

    def start(self, stage: Stage, job: Job) -> PageRun:
        """Open the page and start."""
        assert self._context is not None
        files = {name: path for name, path in (("media", job.media), ("cover", job.cover)) if path}
        options = {**self.options, **({"fileId": job.file_id} if job.file_id else {})}
        return PageRun(self._context, self.address(stage), files, options)

    def address(self, stage: Stage) -> str:
        """Where the app's page is."""
        return f"https://{APP_HOST}/"

    def script_before(self, stage: Stage) -> str:
        """What the page includes before the bundle."""
        return ""

    def end(self) -> None:
        """Close the profile."""
        if self._context is not None:
            self._context.close()
            self._context = None


class VodJs(BrowserDriver):
    """vod-js-sdk-v6, the newest."""

    name = "vod-js 1.8.0"
    page = "vod.html"
    bundle = "vod-js-sdk-v6/dist/vod-js-sdk-v6.js"
    lacks: ClassVar[dict[str, str]] = NOT_YET | {"pause": "the web SDK has no pause"}


class VodJs14(VodJs):
    """vod-js-sdk-v6 1.4.12, the last in the public repository."""

    name = "vod-js 1.4.12"
    bundle = "vod-js-sdk-v6-1.4.12/dist/vod-js-sdk-v6.js"


class VodJsS3(VodJs):
    """vod-js-sdk-v6 with ``storageType: "s3"``."""

    name = "vod-js 1.8.0 s3"
    options: Mapping[str, Any] = {"storageType": "s3"}
    lacks: ClassVar[dict[str, str]] = VodJs.lacks | {
        "resume": "lists no parts in S3 mode: nothing to resume",
        "cancel": "cancel() of the published bundle throws in S3 mode",
        "renewal": "keeps its first credential in S3 mode",
    }
    #: S3's signature carries the device's time, and the SDK does not correct it.
    differs: ClassVar[Mapping[str, str]] = {
        "client's clock 1 h behind": "RequestTimeTooSkewed",
        "client's clock 1 h ahead": "RequestTimeTooSkewed",
        "clock set ahead in mid-upload": "RequestTimeTooSkewed",
    }


class _OneDomain(BrowserDriver):
    """A page on plain HTTP with ``/compat/web.js``: no DNS, no certificate."""

    mapped = False

    def address(self, stage: Stage) -> str:
        """The page by its bare address."""
        return f"http://127.0.0.1:{stage.app.plain_port}/"

    def script_before(self, stage: Stage) -> str:
        """The platform's script."""
        return f'<script src="http://127.0.0.1:{stage.proxy.plain_port}/compat/web.js"></script>'

    def check(self, stage: Stage) -> None:
        """Every call came over plain HTTP."""
        assert not any(seen.secure for seen in stage.proxy.seen)


class VodJsOneDomain(_OneDomain, VodJs):
    """vod-js-sdk-v6 on one domain."""

    name = "vod-js 1.8.0 + compat"


class OpenVodWeb(_OneDomain):
    """Our own web SDK, as the platform serves it, in the official SDK's page."""

    name = "openvod-web"
    page = "vod.html"
    lacks: ClassVar[dict[str, str]] = NOT_YET

    def begin(self, stage: Stage) -> None:
        """Open a profile and publish the page, which loads the SDK from the platform."""
        self._context = self._browsers.plain.new_context(viewport={"width": 900, "height": 640})
        self._context.add_init_script(path=_PAGES / "shift_clock.js")
        script = f'<script src="http://127.0.0.1:{stage.proxy.plain_port}/sdk/openvod.umd.js"></script>'
        page = (_PAGES / self.page).read_text().replace("<!--scripts-->", script).encode()
        stage.app.pages["/"] = lambda: ("text/html; charset=utf-8", page)


class CosJs(StorageDriver):
    """cos-js-sdk-v5 in a page."""

    name = "cos-js 1.10.1"
    group = "browser"
    lacks: ClassVar[Mapping[str, str]] = {k: v for k, v in STORAGE_LACKS.items() if k != "reload"}

    def __init__(self, packages: Path, browsers: Browsers) -> None:
        super().__init__(packages)
        self._page = self.make_page(packages, browsers)

    def make_page(self, packages: Path, browsers: Browsers) -> BrowserDriver:
        """The page that this client lives in."""
        return _CosPage(packages, browsers)

    def begin(self, stage: Stage) -> None:
        """Open a profile."""
        self._page.begin(stage)

    def store(self, stage: Stage, job: Job, places: list[dict[str, Any]], credential: Mapping[str, Any]) -> Run:
        """Open the page and start."""
        self._page.options = {"places": places}
        return self._page.start(stage, job)

    def end(self) -> None:
        """Close the profile."""
        self._page.end()


class CosJsOneDomain(CosJs):
    """cos-js-sdk-v5 with ``/compat/web.js``."""

    name = "cos-js 1.10.1 + compat"

    def make_page(self, packages: Path, browsers: Browsers) -> BrowserDriver:
        """The page on one domain."""
        return _CosPageOneDomain(packages, browsers)


class _CosPage(BrowserDriver):
    name = "page of cos-js"
    page = "cos.html"
    bundle = "cos-js-sdk-v5/dist/cos-js-sdk-v5.min.js"


class _CosPageOneDomain(_OneDomain, _CosPage):
    pass
