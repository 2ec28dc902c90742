// The landscape of a task: every architecture as a point, coloured by its error.

let landscape = null;

function initLandscape() {
  const box = document.getElementById("landscape-plot"), reset = document.getElementById("landscape-reset");
  landscape = new Scatter(box, {
    current,
    hover: (i) => set({ hover: i }),
    pick: (i) => set({ hover: null, pinned: i === state.pinned ? null : i }),
    moved: (away) => { reset.disabled = !away; },
    overlay: (context, plot) => {
      drawReplay(context, plot);
      ring(context, plot, current());
    },
  });
  reset.addEventListener("click", () => landscape.reset());
  for (const id of ["landscape-x", "landscape-y"]) {
    document.getElementById(id).addEventListener("change", () => {
      showLandscape(false);
      set({ hover: null });
      sayPoint(landscape, null);
    });
  }
  watch("task", () => {
    fillLandscapeAxes();
    showLandscape(false);
  });
  watch("hover pinned", () => {
    landscape.request(false);
    sayPoint(landscape, state.hover ?? state.pinned);
  });
  watch("brush shown task runs", maskLandscape);
  watch("run query runs", () => landscape.request(false));
  fillLandscapeAxes();
  showLandscape(false);
}

function fillLandscapeAxes() {
  const data = state.task, numbers = data.numbers.filter((column) => column.kind !== "error");
  const across = [["distance", "decisions from the best"], ...numbers.map(({ name, label }) => [name, label])];
  if (data.space.stacked || data.space.map) across.push(["map", data.space.stacked ? "map of nested decisions" : "map of distances"]);
  fillSelect(document.getElementById("landscape-x"), data.decisions.length > 1 ? across : across.slice(1));
  fillSelect(document.getElementById("landscape-y"), [
    ["regret", "regret, log"], ["log", `${data.errors.label}, log`], ["linear", data.errors.label],
  ]);
}

function showLandscape(keepView) {
  const data = state.task, across = document.getElementById("landscape-x").value, up = document.getElementById("landscape-y");
  const palette = errorColours(), { n, order, colours } = data;
  up.disabled = across === "map";
  const axes = across === "map" ? mapAxes(data) : { x: null, y: errorAxis(data, up.value) };
  if (across !== "map") axes.x = across === "distance" ? distanceAxis(data, axes.y) : numberAxis(data, across, axes.y);
  landscape.setData({ n, order, colours, palette, ...axes }, keepView);
  landscape.box.setAttribute("aria-label", `${axes.y.title} against ${axes.x.title}, ${whole(n)} architectures`);
  sayLede(landscape.lede = ledeOf(data, axes));
  showLegend(data, palette);
}

function sayLede(text) {
  const [from, to] = state.brush ?? [];
  const faded = landscape.mask ? ` Coloured: what was proposed at queries ${from} to ${to}; the rest is faded.` : "";
  document.getElementById("landscape-lede").textContent = text + faded;
}

function ledeOf({ info, n, space, decisions }, { x, y }) {
  const size = info.origin ? `${whole(n)} points: ${info.origin}` : `All ${whole(n)} architectures of ${space.name}`;
  const spread = x.spread ? " Points are spread sideways to show how many there are." : "";
  const nested = "Each cell of the map is one architecture; an edit of one decision stays in its row or its column.";
  const scaled = `Distances on the map approximate in how many of ${decisions.length} decisions two architectures differ.`;
  return `${size}. ${y.map ? (space.stacked ? nested : scaled) : ""}${spread}`;
}

/** Errors upwards: on a logarithmic scale, as they are, or as regret with the best at the foot of the axis. */
function errorAxis(data, kind) {
  const { errors, n } = data, { unit } = data.info.metric, places = new Float64Array(n), { values } = errors;
  const least = values[data.best];
  if (kind !== "regret") {
    const scale = SCALES[kind === "log" && least > 0 ? "log" : "linear"];
    for (let i = 0; i < n; i++) places[i] = scale.place(values[i]);
    return { places, title: titled(errors.label, unit), ticks: ticksOn(scale) };
  }
  let second = Infinity;
  for (let i = 0; i < n; i++) if (values[i] > least) second = Math.min(second, values[i] - least);
  const foot = Math.max(Number.isFinite(second) ? second : 1, 1e-3) / 1.6, scale = SCALES.log;
  for (let i = 0; i < n; i++) places[i] = scale.place(Math.max(values[i] - least, foot));
  const ticks = (low, high, most) => {
    const shown = ticksOn(scale)(Math.max(low, Math.log10(foot * 1.3)), Math.max(high, Math.log10(foot * 1.4)), most);
    return Math.log10(foot) >= low ? [[Math.log10(foot), "0"], ...shown] : shown;
  };
  return { places, title: titled(`regret: ${errors.label} above the best`, unit), ticks };
}

const ticksOn = (scale) => (low, high, most) => {
  const from = scale.value(low), to = scale.value(high);
  return scale.ticks(from, to, most).map((tick) => [scale.place(tick), shownNumber(tick)]);
};

function distanceAxis(data, y) {
  const places = spreadSideways(Float64Array.from(data.distance), y.places, 0.44);
  const ticks = (low, high) => linearTicks(Math.ceil(low), Math.floor(high), 20).filter(Number.isInteger).map((tick) => [tick, String(tick)]);
  return { places, title: `decisions that differ from the best (of ${data.decisions.length})`, ticks, spread: true };
}

function numberAxis(data, name, y) {
  const column = data.columns.find((one) => one.name === name), { values } = column, scale = scaleFor(values);
  const places = Float64Array.from(values, scale.place), distinct = [...new Set(places)].filter(Number.isFinite).sort((a, b) => a - b);
  const axis = { places, title: titled(column.label, column.unit), ticks: ticksOn(scale) };
  if (y === null || distinct.length > 60 || distinct.length < 2) return axis;
  const gap = distinct.slice(1).reduce((least, place, k) => Math.min(least, place - distinct[k]), Infinity);
  return { ...axis, places: spreadSideways(places, y.places, 0.42 * Math.max(gap, (distinct.at(-1) - distinct[0]) / 90)), spread: true };
}

/** Logarithmic where positive values span more than a factor of eight. */
function scaleFor(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return SCALES[low > 0 && high > 8 * low ? "log" : "linear"];
}

/** Moves points of equal places apart, the more of them have about the same error the farther. */
function spreadSideways(places, heights, most) {
  const [low, high] = span(heights), bins = 90, counts = new Map(), moved = new Float64Array(places.length);
  const binOf = (i) => Math.floor(((heights[i] - low) / (high - low)) * bins);
  places.forEach((place, i) => {
    if (!counts.has(place)) counts.set(place, new Uint32Array(bins + 1));
    counts.get(place)[binOf(i)]++;
  });
  const largest = new Map([...counts].map(([place, column]) => [place, Math.max(...column)]));
  places.forEach((place, i) => {
    const count = counts.get(place)[binOf(i)], share = count < 2 ? 0 : Math.sqrt(count / Math.max(largest.get(place), 12));
    moved[i] = place + (2 * noise(i) - 1) * most * share;
  });
  return moved;
}

/** Rows and columns nested by decisions, or two axes that keep distances as well as two can. */
function mapAxes(data) {
  const { space, decisions, n, spaceBytes } = data;
  if (!space.stacked) {
    const [x, y] = space.map.map((column) => columnOf(spaceBytes, column)), ticks = () => [];
    return { x: { places: x, title: "first axis of classical scaling", ticks }, y: { places: y, title: "second axis", ticks, map: true } };
  }
  const [x, y] = [0, 1].map((turn) => nested(decisions.filter((_, k) => k % 2 === turn), n));
  return { x, y: { ...y, map: true }, cell: [1, 1] };
}

function nested(chosen, n) {
  const places = new Float64Array(n);
  for (const { options, codes } of chosen) for (let i = 0; i < n; i++) places[i] = places[i] * options.length + codes[i];
  const [{ options }] = chosen, block = chosen.slice(1).reduce((size, one) => size * one.options.length, 1);
  const ticks = () => options.map((option, k) => [k * block + (block - 1) / 2, option.replaceAll("_", " ")]);
  return { places, title: `${chosen.map(({ name }) => arrowed(name)).join(" ▸ ")} (outer to inner)`, ticks };
}

/** A ring around the point that the panel shows. */
function ring(context, plot, i) {
  const [x, y] = plot.at(i);
  for (const [colour, width] of [[themed("panel"), 5], [themed("ink"), 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, 7, 0, 7);
    context.stroke();
  }
}

function sayPoint(plot, i) {
  if (i === null) return plot.say(null);
  const data = state.task, { unit } = data.info.metric;
  const lines = [`${data.errors.label} ${shownError(data.errors.values[i], unit)}`, `${whole(data.rank[i] + 1)}${ordinal(data.rank[i] + 1)} of ${whole(data.n)}`];
  return plot.say(i, made("strong", {}, lines[0]), made("br"), lines[1]);
}

/** The scale of colours: by rank, with the errors at some ranks below it. */
function showLegend({ errors, n, order }, palette) {
  const width = 240, svg = drawn("svg", { width: width + 60, height: 30, role: "img", "aria-label": "Scale of colours" });
  palette.forEach((rgb, k) => svg.append(drawn("rect", { x: 20 + (k * width) / 256, y: 0, width: width / 256 + 0.6, height: 10, fill: hexOf(rgb) })));
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = errors.values[order[n - 1 - Math.round(share * (n - 1))]];
    svg.append(drawn("text", { x: 20 + share * width, y: 25, "text-anchor": "middle" }, shownNumber(value)));
  }
  document.getElementById("landscape-legend").replaceChildren(`${titled(errors.label, errors.unit)}, coloured by rank`, svg);
}

/** Fades what was not proposed in the brushed range by the methods shown. */
function maskLandscape() {
  const { task, brush } = state;
  landscape.mask = brush && task.replays.length ? proposedIn(task, brush) : null;
  landscape.request();
  if (landscape.lede) sayLede(landscape.lede);
}

function proposedIn(data, [from, to]) {
  const mask = new Uint8Array(data.n);
  for (const { method, points } of data.replays) {
    if (!state.shown.has(method)) continue;
    for (let q = from - 1; q < Math.min(to, points.length); q++) if (points[q] < data.n) mask[points[q]] = 1;
  }
  return mask;
}
