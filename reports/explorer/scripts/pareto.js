// Errors against sizes and latencies, with the front of all architectures and that of the replayed search.

let pareto = null;

function initPareto() {
  const reset = document.getElementById("pareto-reset");
  pareto = new Scatter(document.getElementById("pareto-plot"), {
    current,
    hover: (i) => set({ hover: i }),
    pick: (i) => set({ hover: null, pinned: i === state.pinned ? null : i }),
    moved: (away) => { reset.disabled = !away; },
    overlay: (context, plot) => {
      drawFronts(context, plot);
      ring(context, plot, current());
    },
  });
  reset.addEventListener("click", () => pareto.reset());
  for (const id of ["pareto-x", "pareto-y"]) document.getElementById(id).addEventListener("change", showPareto);
  watch("task", fillPareto);
  watch("hover pinned", () => {
    if (!pareto.data) return;
    pareto.request(false);
    sayPoint(pareto, state.hover ?? state.pinned);
    markFront();
  });
  watch("run query runs", () => pareto.data && pareto.request(false));
  fillPareto();
}

function fillPareto() {
  const { numbers } = state.task, across = numbers.filter((column) => column.kind === "objective");
  document.getElementById("pareto").hidden = !across.length;
  pareto.data = null;
  if (!across.length) return;
  fillSelect(document.getElementById("pareto-x"), across.map(({ name, label }) => [name, label]));
  const up = numbers.filter((column) => column.kind !== "objective");
  fillSelect(document.getElementById("pareto-y"), up.map(({ name, label }) => [name, label]));
  showPareto();
}

/** The points that no other point is at least as good as in both: from the best in the first to the best in the second. */
function frontOf(points, xs, ys, minimise) {
  const sign = minimise ? 1 : -1, known = points.filter((i) => Number.isFinite(xs[i]) && Number.isFinite(ys[i]));
  known.sort((i, j) => sign * (xs[i] - xs[j]) || ys[i] - ys[j]);
  const front = [];
  for (const i of known) if (!front.length || ys[i] < ys[front.at(-1)]) front.push(i);
  return front;
}

function showPareto() {
  const data = state.task, named = (id) => data.columns.find((column) => column.name === document.getElementById(id).value);
  const [across, up] = [named("pareto-x"), named("pareto-y")];
  if (!across || !up) return;
  const scale = SCALES[Math.min(...[data.best].map((i) => up.values[i])) > 0 ? "log" : "linear"];
  const y = { places: Float64Array.from(up.values, scale.place), title: titled(up.label, up.unit), ticks: ticksOn(scale) };
  const x = numberAxis(data, across.name, null);
  if (!across.minimise) x.title += ", larger is better";
  pareto.columns = [across, up];
  pareto.front = frontOf(Array.from({ length: data.n }, (_, i) => i), across.values, up.values, across.minimise);
  pareto.setData({ n: data.n, order: data.order, colours: data.colours, palette: errorColours(), x, y });
  pareto.box.setAttribute("aria-label", `${y.title} against ${x.title}, with the front`);
  const exact = data.info.origin ? "The line is the front of the points shown" : "The line is the exact front of the whole space";
  const dashes = data.replays.length ? " Dashed: the front of the replayed search so far." : "";
  const rounded = across.codec === "exact" ? "" : `, as ${across.label} is rounded in this page`;
  document.getElementById("pareto-lede").textContent = `${exact}${rounded}: ${pareto.front.length} architectures.${dashes}`;
  fillFront();
}

function drawFronts(context, plot) {
  const [across, up] = plot.columns, replay = replayOf();
  steps(context, plot, plot.front, themed("ink"), [], across.minimise);
  if (!replay) return;
  const seen = [...new Set(replay.points.slice(0, state.query))].filter((i) => i < state.task.n);
  const found = frontOf(seen, across.values, up.values, across.minimise), colour = methodColour(described.methods[replay.method]);
  steps(context, plot, found, colour, [6, 4], across.minimise);
  context.fillStyle = colour;
  for (const i of found) {
    context.beginPath();
    context.arc(...plot.at(i), 4, 0, 7);
    context.fill();
  }
}

/** A front as a staircase: what is worse in both is above it. */
function steps(context, plot, front, colour, dashes, minimise) {
  if (!front.length) return;
  const { area } = plot, end = minimise ? area.left + area.width : area.left;
  for (const [ink, width] of [[themed("panel"), 4.5], [colour, 1.8]]) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.setLineDash(ink === colour ? dashes : []);
    context.beginPath();
    let [, last] = [context.moveTo(plot.at(front[0])[0], area.top - 6), 0];
    front.forEach((i, k) => {
      const [x, y] = plot.at(i);
      context.lineTo(x, k ? last : y);
      context.lineTo(x, y);
      last = y;
    });
    context.lineTo(end + (minimise ? 6 : -6), last);
    context.stroke();
  }
  context.setLineDash([]);
}

function fillFront() {
  const [across, up] = pareto.columns, heads = [titled(across.label, across.unit), titled(up.label, up.unit)];
  const rows = pareto.front.map((i) => {
    const cells = [shownNumber(across.values[i], 4), up.values[i].toFixed(2)].map((text, k) => {
      const button = made("button", { type: "button", tabindex: k ? -1 : 0, onclick: () => set({ hover: null, pinned: i }) }, text);
      return made("td", {}, button);
    });
    return made("tr", { "data-point": i }, ...cells);
  });
  const head = made("thead", {}, made("tr", {}, ...heads.map((text) => made("th", { scope: "col" }, text))));
  document.getElementById("pareto-front").replaceChildren(made("table", {}, head, made("tbody", {}, ...rows)));
  markFront();
}

function markFront() {
  for (const row of document.querySelectorAll("#pareto-front tbody tr")) row.classList.toggle("on", +row.dataset.point === current());
}
