"""The page in a real browser: drawn, clicked, dragged and read."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import METHODS, described, played, suite

from equipoise.harness.core.registry import load_task
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.explorer.page import explore
from equipoise.reports.explorer.server import LivePage, PageServer

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TASKS = ("nasbench201/cifar10", "nasbench_graph/proteins")
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
PIXELS = """(selector) => {
  const canvas = document.querySelector(selector), { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return [new Set(new Uint32Array(data.buffer)).size, data[0]];
}"""
"""The number of colours of a canvas, and the red of its first pixel."""
POINT = """([plot, i]) => {
  const shown = window.__explorer[plot], box = shown.box.getBoundingClientRect(), [x, y] = shown.at(i);
  return [box.x + x, box.y + y];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of three methods on two tasks; one method repeats itself and one proposes what is not in the space."""
    methods = (*METHODS, {"name": "plugins_for_tests:Wanders", "label": "wanders"})
    folder = played(tmp_path_factory.mktemp("runs") / "made", suite(methods, TASKS))
    return explore(folder, folder / "page.html")


@pytest.fixture
def page(browser: Any, path: Path) -> Iterator[Any]:
    """The page in a wide window; an error of its scripts fails the test."""
    yield from opened(browser, path.as_uri(), "wide")


def opened(browser: Any, address: str, size: str, **more: Any) -> Iterator[Any]:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=size == "phone", **more)
    tab, errors = context.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("request", lambda asked: errors.append(asked.url) if not asked.url.startswith(address[:20]) else None)
    tab.goto(address)
    tab.wait_for_selector("html.ready")
    yield tab
    assert errors == []
    context.close()


def pixel(page: Any, point: int, plot: str = "landscape") -> tuple[float, float]:
    x, y = page.evaluate(POINT, [plot, point])
    return x, y


def text(page: Any, selector: str) -> str:
    return str(page.inner_text(selector))


def frames(page: Any) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def until(page: Any, condition: str) -> None:
    """Waits for a condition; the page's own policy forbids the waiting that evaluates texts inside it."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"after 30 s, not {condition}")


def choose(page: Any, task: str) -> None:
    page.select_option("#task", task)
    until(page, f"window.__explorer.state.task.info.name === '{task}'")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_view_is_drawn_within_the_window(browser: Any, path: Path, size: str, colours: str) -> None:
    for page in opened(browser, path.as_uri(), size, color_scheme=colours):
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
        frames(page)
        for plot in ("landscape", "pareto"):
            pixels = page.evaluate(PIXELS, f"#{plot}-plot canvas")
            assert pixels[0] > 100
            assert (pixels[1] < 60) == (colours == "dark")
        drawn = {"replay-strip": "incumbent", "curves-chart": "curve", "difference-chart": "difference"}
        for chart, name in drawn.items():
            assert page.locator(f"#{chart} .{name}").count() >= 1
        wide = "[...document.querySelectorAll('main *')].filter((e) => !e.closest('svg, .drawing, .front') && "
        wide += "e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"
        assert page.evaluate(wide) == []


def test_a_cell_is_read_under_the_pointer_pinned_by_a_click_and_released_by_escape(page: Any) -> None:
    task = load_task(TASKS[0])
    errors, seeds = task.landscape(), task.seed_landscape()
    far = int(np.argsort(errors)[100])
    frames(page)
    x, y = pixel(page, far)
    page.mouse.move(x, y)
    hovered = page.evaluate("window.__explorer.state.hover")
    assert abs(errors[hovered] - errors[far]) < 0.003
    assert text(page, "#cell-title") == "Under the pointer"
    assert text(page, "#cell .big") == f"{100 * errors[hovered]:.2f} %"
    known = seeds[hovered][np.isfinite(seeds[hovered])]
    assert " · ".join(f"{100 * error:.2f}" for error in known) in text(page, "#cell dl")
    page.mouse.click(x, y)
    page.mouse.move(x, 1)
    assert text(page, "#cell-title") == "Pinned"
    better = task.space.neighbours(task.space.parse(task.space.format(list(task.space.enumerate())[hovered])))
    least = min(better, key=task.expected)
    page.locator("#cell .neighbours button").first.click()
    assert page.evaluate("window.__explorer.state.pinned") == task.space.index(least)
    page.locator("#landscape-plot").focus()
    page.keyboard.press("Escape")
    assert text(page, "#cell-title") == "Best architecture"
    assert "none of 24 is better" in text(page, "#cell")
    assert page.locator("#cell .drawing svg text").all_text_contents().count("input") == 1


def test_the_landscape_moves_and_zooms_by_pointer_wheel_and_keys(page: Any) -> None:
    view = "JSON.parse(JSON.stringify(window.__explorer.landscape.view))"
    box = page.locator("#landscape-plot").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    home = page.evaluate(view)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 100, middle[1] + 20, steps=4)
    page.mouse.up()
    moved = page.evaluate(view)
    assert moved["x"][0] < home["x"][0]
    assert moved["y"][0] > home["y"][0]
    page.click("#landscape-reset")
    assert page.evaluate(view) == home
    assert page.locator("#landscape-reset").is_disabled()
    scrolled = page.evaluate("scrollY")
    page.locator("#landscape-plot").focus()
    page.mouse.move(*middle)
    page.mouse.wheel(0, -300)
    until(page, "window.__explorer.landscape.isAway")
    zoomed = page.evaluate(view)
    assert zoomed["x"][1] - zoomed["x"][0] < 0.8 * (home["x"][1] - home["x"][0])
    assert page.evaluate("scrollY") == scrolled
    page.keyboard.press("0")
    assert page.evaluate(view) == home
    frames(page)
    before = page.evaluate("window.__explorer.state.task.best")
    page.keyboard.press("ArrowRight")
    pinned = page.evaluate("window.__explorer.state.pinned")
    assert pinned not in (None, before)
    assert page.evaluate("Array.from(window.__explorer.state.task.distance)")[pinned] >= 1


def test_the_axes_change(page: Any) -> None:
    seen = set()
    for axis in ("distance", "parameters", "latency", "map"):
        page.select_option("#landscape-x", axis)
        frames(page)
        seen.add(page.locator("#landscape-plot").get_attribute("aria-label"))
    assert len(seen) == 4
    assert "one decision stays in its row or its column" in text(page, "#landscape-lede")


def test_a_replay_steps_plays_and_marks_duplicates_and_invalid_proposals(page: Any, path: Path) -> None:
    choose(page, TASKS[1])
    methods = page.locator("#replay-method option").all_inner_texts()
    assert set(methods) == {"local_search", "climber", "random_search", "wanders"}
    page.select_option("#replay-method", label="wanders")
    frame = RunStore(path.parent).frame()
    rows = frame[(frame["task"] == TASKS[1]) & (frame["method"] == "wanders") & (frame["repeat"] == 1)]
    counts = rows["status"].astype(str).value_counts()
    assert counts["duplicate"] > 0
    assert counts["invalid"] > 0
    assert page.locator("#replay-strip .invalid").count() == counts["invalid"]
    assert page.locator("#replay-strip .duplicate").count() == counts["duplicate"]
    said = text(page, "#replay-readout")
    assert f"{counts['duplicate']} duplicates and {counts['invalid']} invalid" in said
    page.locator("#replay-query").fill("1")
    assert "Query 1 of 40" in text(page, "#replay-readout")
    errors = np.where(rows["status"] == "invalid", np.inf, rows["validation_error"].to_numpy())
    later = 1 + next(place for place in range(1, 40) if errors[place] < errors[:place].min())
    page.click("#replay-next")
    assert f"Query {later} of 40" in text(page, "#replay-readout")
    assert f"from query {later}" in text(page, "#replay-readout")
    page.click("#replay-play")
    until(page, f"window.__explorer.state.query > {later}")
    page.click("#replay-play")
    box = page.locator("#replay-strip svg").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 16, box["y"] + 60)
    assert "Query 40 of 40" in text(page, "#replay-readout")


def test_a_brush_on_the_curves_filters_the_landscape(page: Any, path: Path) -> None:
    for label in ("climber", "wanders", "random_search"):
        page.locator("#curves-methods button", has_text=label).click()
    assert page.locator("#curves-chart .curve").count() == 1
    page.locator("#curves-chart").scroll_into_view_if_needed()
    box = page.locator("#curves-chart svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 90, steps=4)
    page.mouse.up()
    low, high = page.evaluate("window.__explorer.state.brush")
    assert 1 < low < high < 40
    frame = RunStore(path.parent).frame()
    rows = frame[(frame["task"] == TASKS[0]) & (frame["method"] == "local_search") & frame["query"].between(low, high)]
    count = rows["architecture"].astype(str).nunique()
    assert f"{count} architectures were proposed at queries {low} to {high}" in text(page, "#brush-readout")
    assert page.evaluate("window.__explorer.landscape.mask.reduce((sum, flag) => sum + flag, 0)") == count
    page.fill("#brush-to", "40")
    page.keyboard.press("Tab")
    assert page.evaluate("window.__explorer.state.brush") == [low, 40]
    page.click("#brush-clear")
    assert page.evaluate("window.__explorer.landscape.mask") is None


def test_the_difference_of_two_methods_is_that_of_their_means(page: Any) -> None:
    page.select_option("#difference-a", label="random_search")
    page.select_option("#difference-b", label="local_search")
    curves = page.evaluate("window.__explorer.state.task.curves.map((c) => [c.method, c.mean.at(-1)])")
    labels = page.evaluate("JSON.parse(JSON.stringify(window.__explorer.described.methods.map((m) => m.label)))")
    means = {labels[method]: mean for method, mean in curves}
    difference = means["random_search"] - means["local_search"]
    assert (
        f"random_search minus local_search: {'−' if difference < 0 else '+'}{abs(difference):.2f} accuracy points ["
        in text(page, "#difference-readout")
    )
    page.select_option("#difference-b", label="random_search")
    assert text(page, "#difference-readout") == "Choose two methods."


def test_the_front_is_exact_and_its_rows_pin_their_cell(page: Any) -> None:
    task = load_task(TASKS[0])
    errors, sizes = task.landscape(), task.objective_values("parameters")
    front = [i for i in np.lexsort((errors, sizes)) if errors[i] < errors[sizes < sizes[i]].min(initial=np.inf)]
    front = [i for k, i in enumerate(front) if k == 0 or errors[i] < errors[front[:k]].min()]
    shown = page.evaluate("[...document.querySelectorAll('#pareto-front tbody tr')].map((row) => +row.dataset.point)")
    assert shown == front
    page.locator("#pareto-front tbody button").first.click()
    assert page.evaluate("window.__explorer.state.pinned") == front[0]
    page.select_option("#pareto-x", "latency")
    assert text(page, "#pareto-front th").startswith("latency (ms)")


def test_another_task_is_shown_with_its_runs(page: Any) -> None:
    choose(page, TASKS[1])
    assert "2,021 architectures" in text(page, "#landscape-lede")
    assert page.url.endswith("#nasbench_graph%2Fproteins")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator("#curves-chart .curve").count() == 4


def test_another_budget_is_replayed_and_drawn(browser: Any, tmp_path: Path) -> None:
    budgets = {"queries": [10, 20]}
    folder = played(tmp_path / "made", suite(METHODS, TASKS, budgets))
    frame = RunStore(folder).frame()
    for page in opened(browser, explore(folder, tmp_path / "page.html").as_uri(), "wide"):
        assert page.inner_text("#budget option:checked") == "20 queries"
        assert "Query 20 of 20" in text(page, "#replay-readout")
        page.select_option("#replay-method", label="climber")
        page.select_option("#budget", label="10 queries")
        page.wait_for_selector("#replay-readout:has-text('Query 10 of 10')")
        assert "10 queries" in text(page, "#subtitle")
        assert page.inner_text("#replay-method option:checked") == "climber"
        own = frame[(frame["task"] == TASKS[0]) & (frame["method"] == "climber") & (frame["budget"] == 10)]
        first = own[own["repeat"] == own["repeat"].min()]
        seen = page.evaluate("() => window.__explorer.state.task.replays[window.__explorer.state.run].points.length")
        assert seen == len(first)
        assert page.evaluate("() => window.__explorer.state.task.runs.grid.at(-1)") == 10
        assert page.locator("#curves-chart .curve").count() == len(METHODS)
        page.evaluate("() => window.__explorer.set({ brush: [2, 5] })")
        page.fill("#brush-to", "99")
        page.keyboard.press("Tab")
        assert page.evaluate("window.__explorer.state.brush") == [2, 10]
        page.select_option("#task", label=page.locator("#task option").nth(1).inner_text())
        page.wait_for_selector("#replay-readout:has-text('of 10:')")
        assert page.evaluate("() => window.__explorer.state.task.runs.limit") == 10
        page.select_option("#budget", label="20 queries")
        page.wait_for_selector("#replay-readout:has-text('Query 20 of 20')")


def test_a_touch_pins_the_cell_below_it(browser: Any, path: Path) -> None:
    for page in opened(browser, path.as_uri(), "phone"):
        frames(page)
        page.touchscreen.tap(*pixel(page, page.evaluate("window.__explorer.state.task.best")))
        assert text(page, "#cell-title") == "Pinned"
        assert "1st of 15,625" in text(page, "#landscape-plot .tip")


def test_the_live_page_takes_news_without_a_reload(browser: Any, tmp_path: Path, monkeypatch: Any) -> None:
    import threading

    monkeypatch.setattr("equipoise.reports.explorer.server.LEAST_SECONDS", 0.0)
    chosen = suite(METHODS[:1], TASKS[1:], {"queries": 10})
    RunStore(tmp_path).write_manifest(described(chosen))
    with PageServer(LivePage(tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            for page in opened(browser, server.address, "wide"):
                until(page, "document.querySelector('#progress').innerText.includes('0 of 4 runs')")
                assert page.locator("#curves").is_hidden()
                played(tmp_path, chosen)
                page.wait_for_selector("#curves-chart .curve", timeout=60_000)
                assert "4 of 4 runs stored; complete" in text(page, "#progress")
                assert "4 runs of one method" in text(page, "#subtitle")
        finally:
            server.shutdown()
            thread.join()
