"""Takes the README's pictures of a sweep: the terminal, the report, TensorBoard, and a W&B-compatible server.

    python tune/run_sweep.py --name shown
    python tune/run_sweep.py --confirm shown
    python docs/take_pictures.py shown shown-confirmed

It needs what the tests need: the development packages, and Chromium.
"""

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "tests" / "support"))

from browser import browser_page  # noqa: E402
from loopback_server import serving  # noqa: E402
from openwandb_server import openwandb  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Locator, Page  # noqa: E402
from sweep_process import environment  # noqa: E402

from results.record.finding import find_sweep  # noqa: E402

WIDTH, HEIGHT = 1280, 800
COLOURS = 128


def picture(page: Page | Locator, name: str) -> None:
    """The page or the part of it as it shows, with few enough colours to be small."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS).save(DOCS / name, optimize=True)
    print(f"docs/{name}: {(DOCS / name).stat().st_size / 1000:.0f} kB")


def take_tensorboard(sweep: Path, scratch: Path) -> None:
    """Parallel coordinates of the HParams tab; what is searched on a logarithmic scale has such an axis."""
    command = ("tensorboard", "--logdir", sweep.resolve())
    with serving(command, scratch / "log") as (url, _), browser_page(WIDTH, HEIGHT + 120) as watched:
        page = watched.page
        page.goto(f"{url}/#hparams")
        page.get_by_text("trial_00000", exact=True).wait_for()
        page.get_by_text("Parallel Coordinates View").click()
        page.locator(".foreground path").first.wait_for(state="attached")
        for axis in (0, 2):  # budget_penalty and lr; the axes come in the order of their names
            page.get_by_text("Logarithmic", exact=True).nth(axis).click()
        page.wait_for_timeout(1000)
        picture(page, "tensorboard.png")


def take_wandb(sweep: Path, scratch: Path) -> None:
    """One chart of the page that compares runs: the objective of every trial."""
    with openwandb(scratch) as server:
        segments = sorted(sweep.resolve().glob("trial_*/wandb/offline-run-*"))
        subprocess.run(
            [Path(sys.executable).with_name("wandb"), "sync", "--no-skip-synced", *segments],
            check=True, cwd=scratch, env=environment(**server.variables), capture_output=True,
        )  # fmt: skip
        with browser_page(WIDTH, HEIGHT) as watched:
            server.log_in(watched)
            watched.page.goto(server.compare_page(server.runs))
            chart = watched.page.locator(".chart-box", has=watched.page.get_by_text("In_Budget_Accuracy", exact=True))
            chart.wait_for()
            watched.page.wait_for_timeout(2000)
            chart.scroll_into_view_if_needed()
            picture(chart, "wandb.png")


def take_report(sweep: Path) -> None:
    with browser_page(WIDTH, 2 * HEIGHT) as watched:
        watched.page.goto((sweep / "report.html").resolve().as_uri())
        watched.page.wait_for_selector("html[data-drawn=true]", state="attached")
        picture(watched.page, "report.png")


def take_terminal(name: str, *arguments: object) -> None:
    compare = ROOT / "results" / "compare_trials.py"
    command = [sys.executable, compare, *map(str, arguments), "--save_svg", DOCS / name]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the README's pictures of a sweep that ran with W&B offline.")
    parser.add_argument("sweep", metavar="SWEEP", help="its name or folder")
    parser.add_argument("confirmed", metavar="CONFIRMED", help="the sweep that confirms it")
    wanted = parser.parse_args()
    sweep, confirmed = find_sweep(wanted.sweep), find_sweep(wanted.confirmed)
    take_terminal("sweep.svg", sweep)
    take_terminal("compare.svg", sweep, confirmed, "--top", 8)
    with tempfile.TemporaryDirectory() as scratch:
        take_tensorboard(sweep, Path(scratch))
        take_wandb(sweep, Path(scratch))
    take_report(sweep)


if __name__ == "__main__":
    main()
