"""A real browser, headless: the system's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update", "--disable-sync")


class Watched:
    """A page, what its console said that it should not, and every address that it asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser itself, for several pages. Meanwhile this thread has an event loop that runs."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    assert found, "no Chromium on this machine: install one (Debian: apt install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET), chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_in(browser: Browser, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Watched]:
    """A fresh page in a fresh profile.

    Args:
        width, height: of the window, in CSS pixels.
        dark: whether the user prefers dark pages.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    try:
        yield Watched(context.new_page())
    finally:
        context.close()


@contextmanager
def browser_page(width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Watched]:
    """A fresh page in a browser of its own; the arguments are those of `page_in`."""
    with chromium() as browser, page_in(browser, width, height, dark) as watched:
        yield watched
