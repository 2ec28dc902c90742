// Regret against the budget: one line and band per method, and a brush that filters the landscape.

let curvesFrame = null;

function initCurves() {
  const box = document.getElementById("curves-chart");
  for (const id of ["curves-band", "curves-x"]) document.getElementById(id).addEventListener("change", showCurves);
  document.getElementById("curves-x").value = described.limit > 100 ? "log" : "linear";
  const fewest = Math.min(...described.tasks.flatMap(({ runs }) => (runs ? runs.curves.map((curve) => curve.runs) : [])));
  document.getElementById("curves-band").value = fewest < 10 ? "median" : "mean";
  document.querySelector("label:has(> #curves-x)").firstChild.textContent = `${capital(described.unit)} `;
  for (const id of ["brush-from", "brush-to"]) document.getElementById(id).addEventListener("change", brushTyped);
  document.getElementById("brush-clear").addEventListener("click", () => set({ brush: null }));
  document.getElementById("curves-brush").hidden = described.unit !== "queries";
  watch("task runs shown", () => { fillMethods(); showCurves(); });
  watch("brush", showBrush);
  new ResizeObserver(showCurves).observe(box);
  brushBy(box);
  fillMethods();
  showCurves();
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** A short line in the look of a method. */
function swatch(method) {
  const line = { x1: 0, x2: 24, y1: 5, y2: 5, stroke: methodColour(method), "stroke-width": 2.6, "stroke-dasharray": methodDashes(method) };
  return drawn("svg", { width: 24, height: 10, "aria-hidden": true }, drawn("line", line));
}

function fillMethods() {
  const present = new Set(state.task.curves.map(({ method }) => method)), box = document.getElementById("curves-methods");
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.method : null;
  const every = [...present].every((k) => state.shown.has(k)), all = made("button", { type: "button" }, every ? "Hide all" : "Show all");
  all.addEventListener("click", () => set({ shown: every ? new Set() : new Set(described.methods.keys()) }));
  box.replaceChildren(...described.methods.flatMap((method, k) => {
    if (!present.has(k)) return [];
    const toggle = () => {
      const shown = new Set(state.shown);
      if (!shown.delete(k)) shown.add(k);
      set({ shown });
    };
    const attributes = { type: "button", "data-method": k, "aria-pressed": String(state.shown.has(k)), onclick: toggle };
    return [made("button", attributes, swatch(method), method.label)];
  }), all);
  if (focused !== null) box.querySelector(`[data-method="${focused}"]`)?.focus();
}

/** Middle, lower and upper end of a curve at each point of the grid. */
function banded({ runs, mean, sd, q25, q50, q75 }, kind) {
  if (kind === "median") return { middle: q50, low: q25, high: q75 };
  const half = sd.map((spread) => (studentQuantile(runs - 1) * spread) / Math.sqrt(runs));
  return { middle: mean, low: mean.map((value, k) => value - half[k]), high: mean.map((value, k) => value + half[k]) };
}

function showCurves() {
  const data = state.task, { runs } = data, section = document.getElementById("curves");
  section.hidden = !data.curves.length;
  if (!data.curves.length) return;
  const kind = document.getElementById("curves-band").value, { grid } = runs;
  const lines = data.curves.filter(({ method }) => state.shown.has(method)).map((curve) => ({ ...curve, ...banded(curve, kind) }));
  const counts = data.curves.map((curve) => curve.runs), [few, many] = [Math.min(...counts), Math.max(...counts)];
  document.getElementById("curves-lede").textContent = [
    `Validation regret of the incumbent, in ${runs.unit} above ${runs.reference};`,
    `${few === many ? few : `${few} to ${many}`} repeats per method.`,
    few < 2 ? "One repeat has no band." : "", data.random ? "Thin line: exact expectation of random search." : "",
  ].filter(Boolean).join(" ");
  const all = lines.flatMap(({ middle, low, high }) => [...middle, ...high, ...low.filter((value, k) => value > middle[k] / 6)]);
  const positive = [...all, ...(data.random ?? [])].filter((value) => value > 0);
  if (!positive.length) positive.push(0.1, 10);
  const [low, high] = [Math.max(Math.min(...positive), Math.max(...positive) / 3000), Math.max(...positive)];
  const scale = document.getElementById("curves-x").value;
  curvesFrame = frameOf(document.getElementById("curves-chart"), {
    height: 340, label: `Regret of ${lines.length} methods against ${described.unit}`,
    x: { scale, low: grid[0], high: grid.at(-1), title: described.unit },
    y: { scale: "log", low: low / 1.08, high: high * 1.08, title: `regret (${runs.unit})` },
  });
  const { svg, area, x, y } = curvesFrame, clip = drawn("clipPath", { id: "curves-clip" });
  clip.append(drawn("rect", { x: area.left, y: area.top, width: area.right - area.left, height: area.bottom - area.top }));
  const inside = drawn("g", { "clip-path": "url(#curves-clip)" }), floor = (value) => y(Math.max(value, low / 1.07));
  svg.append(clip, inside);
  for (const { method, low: from, high: to } of lines) {
    const known = grid.map((_, k) => k).filter((k) => Number.isFinite(from[k]) && Number.isFinite(to[k]));
    const upper = known.map((k) => [x(grid[k]), floor(to[k])]), lower = known.map((k) => [x(grid[k]), floor(from[k])]);
    const fill = methodColour(described.methods[method]);
    if (known.length > 1) inside.append(areaBetween(upper, lower, fill, lines.length > 8 ? 0.07 : 0.13));
  }
  if (data.random) {
    const points = grid.map((amount, k) => [x(amount), floor(data.random[k])]);
    inside.append(lineThrough(points, themed("ink"), 1, { class: "random" }));
  }
  for (const { method, middle } of lines) {
    const look = described.methods[method];
    const points = grid.map((amount, k) => [x(amount), Number.isFinite(middle[k]) ? floor(middle[k]) : NaN]);
    const more = { "stroke-dasharray": methodDashes(look), class: "curve", "data-method": method };
    inside.append(lineThrough(points, methodColour(look), 2, more));
  }
  curvesFrame.lines = lines;
  const brushed = { y: area.top, height: area.bottom - area.top, fill: themed("accent"), opacity: 0.14, width: 0 };
  curvesFrame.brush = svg.appendChild(drawn("rect", brushed));
  curvesFrame.cursor = svg.appendChild(drawn("line", { y1: area.top, y2: area.bottom, stroke: themed("muted"), visibility: "hidden" }));
  document.getElementById("curves-chart").append(curvesFrame.tip = made("div", { class: "tip", hidden: true }));
  showBrush();
}

/** The amount of budget under a pointer. */
function amountAt(event) {
  const { svg, area } = curvesFrame, scale = SCALES[document.getElementById("curves-x").value], { grid } = state.task.runs;
  const share = Math.min(1, Math.max(0, (pointerIn(svg, event)[0] - area.left) / (area.right - area.left)));
  const [low, high] = [scale.place(grid[0]), scale.place(grid.at(-1))];
  return scale.value(low + share * (high - low));
}

/** Drags a range of queries; a pointer that only moves reads the curves. */
function brushBy(box) {
  let from = null;
  box.style.touchAction = "pan-y";
  box.addEventListener("pointerdown", (event) => {
    if (described.unit !== "queries" || !curvesFrame) return;
    from = amountAt(event);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (!curvesFrame) return;
    readCurves(event);
    if (from === null) return;
    const ends = [from, amountAt(event)].sort((a, b) => a - b).map((end) => Math.max(1, Math.round(end)));
    if (Math.abs(curvesFrame.x(from) - curvesFrame.x(amountAt(event))) > 4) set({ brush: ends });
  });
  const ended = (event) => {
    const clicked = from !== null && Math.abs(curvesFrame.x(from) - curvesFrame.x(amountAt(event))) <= 4;
    if (clicked && event.type === "pointerup" && event.pointerType !== "touch") set({ brush: null });
    from = null;
  };
  box.addEventListener("pointerup", ended);
  box.addEventListener("pointercancel", ended);
  box.addEventListener("pointerleave", () => readCurves(null));
}

function readCurves(event) {
  const { tip, cursor, lines, svg } = curvesFrame, { grid } = state.task.runs;
  tip.hidden = event === null || !lines.length;
  cursor.setAttribute("visibility", tip.hidden ? "hidden" : "visible");
  if (tip.hidden) return;
  const amount = amountAt(event), last = grid.findLastIndex((at) => at <= amount * 1.0001), k = Math.max(0, last);
  const rows = [...lines].sort((a, b) => a.middle[k] - b.middle[k]).slice(0, 12).map(({ method, middle, low, high }) => {
    const range = Number.isFinite(low[k]) ? `${shownNumber(Math.max(low[k], 0), 2)} to ${shownNumber(high[k], 2)}` : "";
    const cells = [swatch(described.methods[method]), described.methods[method].label, shownNumber(middle[k]), range];
    return made("tr", {}, ...cells.map((content) => made("td", {}, content)));
  });
  tip.replaceChildren(made("strong", {}, `${shownNumber(grid[k])} ${described.unit}`), made("table", {}, ...rows));
  const at = curvesFrame.x(grid[k]), scale = svg.clientWidth / svg.viewBox.baseVal.width;
  cursor.setAttribute("x1", at);
  cursor.setAttribute("x2", at);
  const left = at * scale + 16, over = left + tip.offsetWidth > svg.clientWidth;
  tip.style.left = `${Math.max(0, over ? at * scale - tip.offsetWidth - 16 : left)}px`;
  tip.style.top = "14px";
}

function brushTyped() {
  const [from, to] = ["brush-from", "brush-to"].map((id) => Math.round(+document.getElementById(id).value));
  if (from >= 1 && to >= from) set({ brush: [from, Math.min(to, state.task.runs.limit)] });
  else showBrush();
}

function showBrush() {
  const { brush, task } = state, readout = document.getElementById("brush-readout");
  document.getElementById("brush-clear").disabled = !brush;
  document.getElementById("brush-from").value = brush ? brush[0] : "";
  document.getElementById("brush-to").value = brush ? brush[1] : "";
  if (curvesFrame) {
    const { grid } = task.runs, at = brush ? brush.map((end) => curvesFrame.x(Math.min(Math.max(end, grid[0]), grid.at(-1)))) : [0, 0];
    curvesFrame.brush.setAttribute("x", at[0]);
    curvesFrame.brush.setAttribute("width", Math.max(at[1] - at[0], brush ? 2 : 0));
  }
  if (!brush) {
    readout.textContent = "Drag over the chart: the landscape then shows what was proposed in that range.";
    return;
  }
  const count = proposedIn(task, brush).reduce((sum, flag) => sum + flag, 0);
  const range = `at queries ${brush[0]} to ${brush[1]}`;
  readout.textContent = `${whole(count)} architectures were proposed ${range} by the methods shown; the landscape shows them.`;
}
