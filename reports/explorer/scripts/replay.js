// The replay of one stored search: its proposals on the landscape, and along its queries.

let playing = 0;

function initReplay() {
  const field = (name) => document.getElementById(`replay-${name}`);
  field("method").addEventListener("change", () => startReplay());
  field("repeat").addEventListener("change", () => startReplay());
  field("query").addEventListener("input", (event) => set({ query: +event.target.value }));
  field("play").addEventListener("click", () => (playing ? stopPlaying() : startPlaying()));
  field("previous").addEventListener("click", () => set({ query: improvement(-1) }));
  field("next").addEventListener("click", () => set({ query: improvement(1) }));
  watch("task runs", fillReplay);
  watch("run query", showReplay);
  new ResizeObserver(() => state.task.replays.length && showReplay()).observe(field("strip"));
  fillReplay();
}

const replayOf = () => state.task.replays[state.run] ?? null;

function fillReplay() {
  stopPlaying();
  const { replays } = state.task, select = document.getElementById("replay-method");
  document.getElementById("replay").hidden = !replays.length;
  if (!replays.length) return set({ run: 0, query: 0 });
  const present = [...new Set(replays.map(({ method }) => method))];
  const last = (method) => state.task.curves.find((curve) => curve.method === method)?.mean.at(-1) ?? Infinity;
  const first = present.reduce((found, method) => (last(method) < last(found) ? method : found));
  fillSelect(select, present.map((method) => [method, described.methods[method].label]), select.value || first);
  return startReplay(state.query);
}

/** Shows the run that the two fields name, up to a query; all of it by default. */
function startReplay(query = 0) {
  const { replays } = state.task, repeats = document.getElementById("replay-repeat");
  const method = +document.getElementById("replay-method").value;
  const of = replays.filter((replay) => replay.method === method);
  fillSelect(repeats, of.map(({ repeat }) => [repeat, repeat]));
  const run = replays.findIndex((replay) => replay.method === method && replay.repeat === +repeats.value);
  const length = replays[run].points.length, slider = document.getElementById("replay-query");
  Object.assign(slider, { min: 1, max: length });
  set({ run, query: query > 0 && query <= length ? query : length });
  showReplay();
}

/** The query of the next, or the previous, improvement of the incumbent. */
function improvement(direction) {
  const { incumbents } = replayOf();
  for (let q = state.query + direction; q >= 1 && q <= incumbents.length; q += direction) {
    if (incumbents[q - 1] !== (q > 1 ? incumbents[q - 2] : 0)) return q;
  }
  return direction > 0 ? incumbents.length : 1;
}

function startPlaying() {
  const length = replayOf().points.length, began = performance.now(), from = state.query >= length ? 0 : state.query;
  const perSecond = Math.max(length / 12, 4), button = document.getElementById("replay-play");
  button.textContent = "Pause";
  button.setAttribute("aria-pressed", "true");
  const step = (now) => {
    const query = Math.min(length, Math.max(1, Math.floor(from + ((now - began) / 1000) * perSecond)));
    set({ query });
    if (query >= length) stopPlaying();
    else playing = requestAnimationFrame(step);
  };
  playing = requestAnimationFrame(step);
}

function stopPlaying() {
  cancelAnimationFrame(playing);
  playing = 0;
  const button = document.getElementById("replay-play");
  button.textContent = "Play";
  button.setAttribute("aria-pressed", "false");
}

/** The error that a run observed at a query, counted from 0; NaN for an invalid proposal. */
function observedAt(replay, q) {
  if (replay.status[q] === 2) return NaN;
  if (replay.observed) return replay.observed[q];
  return replay.points[q] < state.task.n ? state.task.errors.values[replay.points[q]] : NaN;
}

function showReplay() {
  const replay = replayOf();
  if (!replay) return;
  document.getElementById("replay-query").value = state.query;
  drawStrip(replay);
  document.getElementById("replay-readout").textContent = readoutOf(replay);
}

function readoutOf(replay) {
  const { query } = state, { unit } = state.task.info.metric, counts = [0, 0, 0];
  for (let q = 0; q < query; q++) counts[replay.status[q]]++;
  const kind = ["", ", a duplicate", ", invalid"][replay.status[query - 1]], found = replay.incumbents[query - 1];
  const proposed = Number.isFinite(observedAt(replay, query - 1)) ? ` ${shownError(observedAt(replay, query - 1), unit)}` : "";
  const trained = replay.fidelity?.[query - 1] ? ` after ${replay.fidelity[query - 1]} epochs` : "";
  const best = found ? ` Incumbent ${shownError(observedAt(replay, found - 1), unit)}, from query ${found}.` : " No incumbent yet.";
  const counted = `So far ${counts[1]} duplicates and ${counts[2]} invalid.`;
  return `Query ${query} of ${replay.points.length}:${proposed}${trained}${kind}.${best} ${counted}`;
}

/** Proposals along the queries, the incumbent as a line, and a cursor; a pointer moves it. */
function drawStrip(replay) {
  const box = document.getElementById("replay-strip"), n = replay.points.length, { errors, info } = state.task;
  const values = Array.from({ length: n }, (_, q) => observedAt(replay, q)), finite = values.filter(Number.isFinite);
  if (!finite.length) finite.push(1, 100); // nothing but invalid proposals
  const [least, most] = [Math.min(...finite), Math.max(...finite)], scale = least > 0 ? "log" : "linear";
  const [low, high] = scale === "log" ? [least / 1.04, most * 1.15] : [least - 0.1, most + 0.1];
  const frame = frameOf(box, {
    height: 190, label: `Errors of the proposals of ${described.methods[replay.method].label}, repeat ${replay.repeat}`,
    x: { scale: "linear", low: 0.5, high: n + 0.5, title: "query", ticks: linearTicks(1, n, box.clientWidth / 75), format: String },
    y: { scale, low, high, title: titled("error", info.metric.unit) },
  });
  const { svg, area, x, y } = frame, size = Math.max(1.6, Math.min(3.2, (area.right - area.left) / n / 2.4));
  const colour = methodColour(described.methods[replay.method]);
  const invalid = { stroke: themed("worse"), "stroke-width": 1.6, class: "invalid" };
  const duplicate = { fill: "none", stroke: colour, class: "duplicate" };
  values.forEach((value, q) => {
    const opacity = q < state.query ? 1 : 0.22, cx = x(q + 1), cy = y(value), status = replay.status[q];
    if (status === 2) svg.append(drawn("path", { d: cross(cx, area.top + 6, 3.4), ...invalid, opacity }));
    else if (!Number.isFinite(value)) return;
    else if (status === 1) svg.append(drawn("circle", { cx, cy, r: size + 0.8, ...duplicate, opacity }));
    else svg.append(drawn("circle", { cx, cy, r: size, fill: colour, opacity: opacity * 0.8 }));
  });
  const steps = [];
  for (let q = 0; q < state.query; q++) {
    const error = replay.incumbents[q] ? observedAt(replay, replay.incumbents[q] - 1) : NaN;
    steps.push([x(q + 0.5), y(error)], [x(q + 1.5), y(error)]);
  }
  const now = x(state.query);
  svg.append(lineThrough(steps, themed("mark"), 2, { class: "incumbent" }));
  svg.append(lineThrough([[now, area.top], [now, area.bottom]], themed("ink"), 1, { "stroke-dasharray": "3 3" }));
  const seek = (event) => {
    const share = (pointerIn(svg, event)[0] - area.left) / (area.right - area.left);
    set({ query: Math.min(n, Math.max(1, Math.round(0.5 + share * n))) });
  };
  box.onpointerdown = seek;
  box.onpointermove = (event) => event.buttons && seek(event);
}

const cross = (x, y, r) => `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`;

/** The replay on the landscape: proposals as dots, the incumbents joined by a line, the newest proposal marked. */
function drawReplay(context, plot) {
  const replay = replayOf(), { n } = state.task;
  if (!replay || !state.query) return;
  const colour = methodColour(described.methods[replay.method]);
  for (const [ink, radius] of [[themed("panel"), 4.2], [colour, 2.9]]) {
    context.fillStyle = ink;
    for (let q = 0; q < state.query; q++) {
      if (replay.points[q] >= n) continue;
      context.beginPath();
      context.arc(...plot.at(replay.points[q]), radius, 0, 7);
      context.fill();
    }
  }
  const path = incumbentPath(replay, state.query).map((q) => replay.points[q]).filter((i) => i < n).map((i) => plot.at(i));
  for (const [ink, width] of [[themed("panel"), 5], [themed("mark"), 2.2]]) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.beginPath();
    path.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  }
  context.fillStyle = themed("mark");
  path.forEach(([x, y], k) => {
    context.beginPath();
    context.arc(x, y, k === path.length - 1 ? 5.5 : 3.6, 0, 7);
    context.fill();
  });
}

/** The queries, counted from 0, whose proposals became incumbents one after the other. */
function incumbentPath(replay, query) {
  const found = [];
  for (let q = 0; q < query; q++) {
    const at = replay.incumbents[q] - 1;
    if (at >= 0 && at !== found.at(-1)) found.push(at);
  }
  return found;
}
