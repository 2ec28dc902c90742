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
  const error = `${data.errors.label} ${shownError(data.errors.values[i], unit)}`;
  return plot.say(i, made("strong", {}, error), made("br"), rankOf(data, i));
}

/** The scale of colours: by rank, with the errors at some ranks below it. */
function showLegend({ errors, n, order }, palette) {
  const width = 240, svg = drawn("svg", { width: width + 60, height: 30, role: "img", "aria-label": "Scale of colours" });
  palette.forEach((rgb, k) => {
    svg.append(drawn("rect", { x: 20 + (k * width) / 256, y: 0, width: width / 256 + 0.6, height: 10, fill: hexOf(rgb) }));
  });
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
