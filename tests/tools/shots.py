"""Pictures of every kind of page in every theme, light and dark, wide and narrow. Run by ``build.py shots``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from archiver import config, intake, publish, theme

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 320)
PAGES = {
    "index": "index.html",
    "communities": "communities.html",
    "about": "about.html",
    "accessibility": "accessibility.html",
    "community": "*/c/potting_shed.html",
    "person": "*/u/fennel.html",
    "thread": "*/post/513.html",
    "reddit": "www.reddit.com/r/*/comments/*.html",
}


def main(examples: Path, target: Path) -> None:
    """Build the examples in each theme and photograph them into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser_path:
        sys.exit("no Chromium here; on Debian: apt install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        for look in theme.installed():
            site = Path(folder) / look.name
            settings = config.load(examples / "site.yaml", {"theme": look.name})
            dumps = [str(examples / "dumps")]
            archive = Path(folder) / f"{look.name}.db"
            publish.build_site(dumps, archive, site, settings, intake.Options(), 1, lambda _what, _done, _total: None)
            for scheme in SCHEMES:
                for width in WIDTHS:
                    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
                    for kind, pattern in PAGES.items():
                        page.goto(min(site.glob(pattern)).as_uri())
                        page.screenshot(path=target / f"{kind}-{look.name}-{scheme}-{width}.png")
                    page.close()
        browser.close()
    print(f"{len(list(target.glob('*.png')))} pictures in {target}")  # noqa: T201  a task for people


main(Path(sys.argv[1]), Path(sys.argv[2]))
