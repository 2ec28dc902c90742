// Starts the page.

async function start() {
  const select = document.getElementById("task"), wanted = decodeURIComponent(location.hash.slice(1));
  fillSelect(select, described.tasks.map(({ name, title }) => [name, title]), described.tasks.some(({ name }) => name === wanted) ? wanted : undefined);
  select.addEventListener("change", () => chooseTask(select.value));
  state.shown = new Set(described.methods.keys());
  state.task = await taskData(select.value);
  showHead();
  initTheme(() => document.documentElement.classList.contains("ready") && repaint());
  initCell();
  initLandscape();
  initReplay();
  initCurves();
  initDifference();
  initPareto();
  initProgress();
  document.documentElement.classList.add("ready");
}

async function chooseTask(name) {
  const task = await taskData(name);
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  set({ task, hover: null, kept: null, brush: null, query: 0 });
  showHead();
}

/** Draws everything again, in the colours of the theme. */
function repaint() {
  showLandscape(true);
  fillMethods();
  showCurves();
  showDifference();
  if (replayOf()) showReplay();
  if (pareto.data) pareto.setData({ ...pareto.data, palette: errorColours() }, true);
}

function showHead() {
  const { tasks: all, runs, limit, unit, methods, losses, notes } = described, { info } = state.task;
  document.getElementById("title").textContent = described.title;
  const stored = runs ? `${whole(runs)} runs of ${methods.length} methods, ${shownNumber(limit)} ${unit} each, on ` : "";
  document.getElementById("subtitle").textContent = `${stored}${all.length === 1 ? "one task" : `${all.length} tasks`}. ${info.surrogate ? "The values of this task are predictions of a surrogate." : ""}`;
  const exact = losses.errors || losses.relative ? "Columns with few distinct values are in single precision; the others have 65,535 levels: " : "";
  const lost = exact ? `errors are within ${losses.errors.toFixed(4)} of their unit, sizes and latencies within ${(100 * losses.relative).toFixed(2)} %. Regret curves are computed before that.` : "";
  const said = [
    ...notes, `Validation: ${info.validation || "not stated"}.`, `Test: ${info.test || "n/a, the source has no separate test split"}.`,
    `Source: ${info.source}. Licence: ${info.licence}.`, `${exact}${lost}`,
    info.missing.length ? `Without data here: ${info.missing.map((name) => name.replaceAll("_", " ")).join(", ")}.` : "",
    ...Object.entries(described.mixed ?? {}).map(([label, text]) => `${label}: ${text}`),
  ];
  document.getElementById("notes").replaceChildren(...said.filter(Boolean).map((text) => made("p", {}, text)));
}

await start();

// For tests and measurements: the plots and the state.
window.__explorer = { state, set, get landscape() { return landscape; }, get pareto() { return pareto; } };
