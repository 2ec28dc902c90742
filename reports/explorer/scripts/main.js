// Starts the page.

async function start() {
  const select = document.getElementById("task"), wanted = decodeURIComponent(location.hash.slice(1));
  fillSelect(select, described.tasks.map(({ name, title }) => [name, title]), wanted);
  select.addEventListener("change", () => chooseTask(select.value));
  state.shown = new Set(described.methods.keys());
  state.budget = Math.max(0, described.budgets.length - 1);
  initBudget();
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
  try {
    history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  } catch {
    // a browser may forbid it for files; the page only loses its address of the task
  }
  set({ task, hover: null, pinned: null, brush: null, query: 0 });
  showHead();
}

/** The field that chooses among the budgets of the runs; each is a set of runs of its own. */
function initBudget() {
  const { budgets, unit } = described, select = document.getElementById("budget");
  document.getElementById("budget-field").hidden = budgets.length < 2;
  fillSelect(select, budgets.map(({ limit }, k) => [k, `${shownNumber(limit)} ${unit}`]), state.budget);
  select.addEventListener("change", async () => {
    await chooseBudget(+select.value);
    showHead();
  });
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
  const { tasks: all, unit, methods, loss, notes } = described, { info } = state.task;
  const { limit, runs } = described.budgets[state.budget] ?? { limit: 0, runs: 0 };
  document.getElementById("title").textContent = described.title;
  const counted = (list, word) => (list.length === 1 ? `one ${word}` : `${list.length} ${word}s`);
  const ran = `${whole(runs)} runs of ${counted(methods, "method")}, ${shownNumber(limit)} ${unit} each, on ${counted(all, "task")}.`;
  const predicted = info.surrogate ? " The values of this task are predictions of a surrogate." : "";
  document.getElementById("subtitle").textContent = (runs ? ran : "Landscapes, without runs.") + predicted;
  const exact = "Errors and regret are in single precision, and so are columns with few distinct values.";
  const within = `within ${Math.max(100 * loss, 0.01).toFixed(2)} % of their value`;
  const lost = loss ? ` Other sizes and latencies have 65,535 levels, ${within}.` : "";
  const said = [
    ...notes, `Validation: ${info.validation || "not stated"}.`, `Test: ${info.test || "n/a, the source has no separate test split"}.`,
    `Source: ${info.source}. Licence: ${info.licence}.`, `${exact}${lost}`,
    info.missing.length ? `Without data here: ${info.missing.map((name) => name.replaceAll("_", " ")).join(", ")}.` : "",
    ...Object.entries(described.mixed ?? {}).map(([label, text]) => `${label}: ${text}`),
  ];
  document.getElementById("notes").replaceChildren(...said.filter(Boolean).map((text) => made("p", {}, text)));
}

await start().catch((error) => {
  const needed = "It needs Chromium 103, Firefox 113, Safari 16.4 or later.";
  document.getElementById("subtitle").textContent = `This page could not be shown (${error.message}). ${needed}`;
  throw error;
});

// For tests and measurements: the plots and the state.
window.__explorer = { state, set, described, get landscape() { return landscape; }, get pareto() { return pareto; } };
