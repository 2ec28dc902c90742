// The state that the views share, and the data of the task that is shown.

const described = JSON.parse(document.getElementById("description").textContent);

/** task: its data; budget: its place; hover and pinned: points; run, query: the replay; shown: methods; brush: a range of queries; a, b. */
const state = { task: null, budget: 0, hover: null, pinned: null, run: 0, query: 0, shown: new Set(), brush: null, a: 0, b: 0 };
const listeners = [];

/** Calls a function whenever one of these keys changes. */
function watch(keys, call) {
  listeners.push([keys.split(" "), call]);
}

/** Changes the state and tells those who watch. */
function set(changes) {
  const changed = Object.keys(changes).filter((key) => state[key] !== changes[key]);
  Object.assign(state, changes);
  for (const [keys, call] of listeners) if (keys.some((key) => changed.includes(key))) call(changed);
}

/** The point that the panel of the cell shows. */
const current = () => state.hover ?? state.pinned ?? state.task.best;

const tasks = new Map(); // name: a promise of the data of a task

/** The data of a task, unpacked when it is first shown. */
function taskData(name) {
  if (!tasks.has(name)) tasks.set(name, readTask(described.tasks.find((task) => task.name === name)));
  return tasks.get(name);
}

async function readTask(info) {
  const space = described.spaces[info.space];
  const [bytes, spaceBytes] = await Promise.all([bytesOf(info.block), bytesOf(space.block)]);
  const columns = info.columns.map((column) => inReadableUnit({ ...column, values: columnOf(bytes, column) }));
  const errors = columns.find((column) => column.kind === "error"), n = info.points;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => errors.values[j] - errors.values[i] || j - i);
  const rank = new Uint32Array(n), colours = new Uint8Array(n);
  order.forEach((i, place) => { rank[i] = n - 1 - place; });
  for (let place = n - 1; place >= 0; place--) { // equal errors have equal ranks and colours
    const i = order[place], before = place < n - 1 ? order[place + 1] : -1;
    if (before >= 0 && errors.values[before] === errors.values[i]) rank[i] = rank[before];
    colours[i] = Math.min(255, Math.floor((rank[i] / Math.max(n - 1, 1)) * 256));
  }
  const decisions = space.decisions.map((decision) => ({ ...decision, codes: arrayOf(spaceBytes, decision.codes) }));
  const data = { info, space, spaceBytes, columns, errors, n, order, rank, colours, decisions, best: order[n - 1] };
  data.seeds = columns.filter((column) => column.kind === "seed");
  data.numbers = columns.filter((column) => column.kind !== "seed");
  data.distance = differing(data, data.best);
  await readRuns(data);
  return data;
}

/** Unpacks the runs of a task at the budget chosen; again where news have come, or another budget is chosen. */
async function readRuns(data) {
  const { info } = data, runs = [...info.smaller, info.runs][state.budget] ?? null;
  Object.assign(data, { runs, replays: [], curves: [], random: null });
  if (!runs) return;
  const [bytes, largest] = await Promise.all([bytesOf(runs.block), info.runs && bytesOf(info.runs.block)]);
  data.random = runs.random ? arrayOf(bytes, runs.random) : null;
  const entries = (kind, names) => runs[kind].map((own) => {
    if (!own.first) return withArrays(own, names, bytes);
    const same = info.runs[kind].find(({ method, repeat }) => method === own.method && repeat === own.repeat);
    return withArrays(same, names, largest, own.first);
  });
  data.curves = entries("curves", ["mean", "sd", "q25", "q50", "q75"]);
  data.replays = entries("replays", ["points", "status", "incumbents", "observed", "fidelity"]);
}

/** A curve or stored search with its arrays, or with the first of their values. */
function withArrays(entry, names, bytes, first = Infinity) {
  const read = (place) => (place ? arrayOf(bytes, place).subarray(0, first) : null);
  return { ...entry, ...Object.fromEntries(names.map((name) => [name, read(entry[name])])) };
}

/** Shows the runs at another budget. */
async function chooseBudget(budget) {
  state.budget = budget;
  for (const promise of tasks.values()) await readRuns(await promise);
  set({ runs: `budget ${budget}`, brush: null, query: 0 });
}

/** Seconds below one are shown in milliseconds, and those below a millisecond in microseconds. */
function inReadableUnit(column) {
  if (column.unit !== "s" || column.kind !== "objective") return column;
  const largest = column.values.reduce((most, value) => Math.max(most, value), 0);
  const [unit, times] = largest < 1e-3 ? ["µs", 1e6] : largest < 1 ? ["ms", 1e3] : ["s", 1];
  return { ...column, unit, values: column.values.map((value) => value * times) };
}

/** In how many decisions every architecture differs from one. */
function differing({ decisions, n }, from) {
  const found = new Uint16Array(n);
  for (const { codes } of decisions) {
    const own = codes[from];
    for (let i = 0; i < n; i++) if (codes[i] !== own) found[i]++;
  }
  return found;
}

const titled = (label, unit) => (unit ? `${label} (${unit})` : label);
const best = (data) => data.errors.values[data.best];
