"""Frame times of an explorer page in the Chromium of this machine.

    equipoise explore results/quick --out quick.html
    python speed/explorer_frames.py quick.html

Prints milliseconds, medians and 95 % quantiles: of drawing the landscape while it moves and zooms (120 frames), of the
interval between frames meanwhile, and of a step of the replay. Needs playwright. Without a GPU, and on a busy machine,
intervals say more of the machine than of the page.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

MOVES = """async () => {
  const plot = window.__explorer.landscape, { width, height } = plot.box.getBoundingClientRect(), intervals = [];
  plot.times.length = 0;
  let last = performance.now();
  for (let k = 0; k < 120; k++) {
    await new Promise((done) => requestAnimationFrame(done));
    intervals.push(performance.now() - last);
    last = performance.now();
    if (k % 2) plot.zoom(k < 60 ? 1.03 : 1 / 1.03, width / 2, height / 2);
    else plot.move(3 * Math.sin(k / 9), 2 * Math.cos(k / 9));
  }
  const times = [...plot.times];
  plot.reset();
  return [times, intervals];
}"""
STEPS = """async () => {
  const slider = document.querySelector("#replay-query"), times = [];
  for (let query = 1; query <= +slider.max; query++) {
    const began = performance.now();
    slider.value = query;
    slider.dispatchEvent(new Event("input"));
    times.push(performance.now() - began);
    await new Promise((done) => requestAnimationFrame(done));
  }
  return times;
}"""


def shown(times: list[float]) -> str:
    """Median and 95 % quantile."""
    ordered = sorted(times)
    return f"{ordered[len(ordered) // 2]:6.1f} {ordered[int(0.95 * (len(ordered) - 1))]:6.1f}"


def main(path: Path) -> None:
    """Measures every task of a page, on its first axes."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("html.ready")
        print(f"{'task':<30} {'points':>7}  {'draw (ms)':>13}  {'interval (ms)':>13}  {'replay (ms)':>13}")
        for task in page.locator("#task option").evaluate_all("(all) => all.map((one) => one.value)"):
            page.select_option("#task", task)
            page.wait_for_timeout(700)
            times, intervals = page.evaluate(MOVES)
            steps = shown(page.evaluate(STEPS)) if page.locator("#replay").is_visible() else ""
            points = page.evaluate("window.__explorer.state.task.n")
            print(f"{task:<30} {points:>7}  {shown(times)}  {shown(intervals)}  {steps}")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
