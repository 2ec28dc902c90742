// The panel of one architecture: its drawing, its errors, sizes and nearest neighbours.

const cellPanel = document.getElementById("cell");

function initCell() {
  watch("task hover pinned", showCell);
  showCell();
}

function showCell() {
  const data = state.task, i = current(), { info, errors } = data, { unit, name, maximise, offset } = info.metric;
  const what = state.hover !== null ? "Under the pointer" : state.pinned !== null ? "Pinned" : "Best architecture";
  const error = errors.values[i], accuracy = maximise ? `${name} ${shownError(offset - error, unit)}` : "";
  const keep = made("button", { type: "button", onclick: () => set({ hover: null, pinned: state.pinned === i ? null : i }) });
  keep.textContent = state.pinned === i ? "Unpin" : "Pin";
  const head = made("div", { class: "head" }, made("h2", { id: "cell-title" }, what), keep);
  const drawing = made("div", { class: "drawing" }, ...graphDrawings(graphOf(data, i)));
  const place = `${rankOf(data, i)} by ${errors.label}`;
  cellPanel.replaceChildren(
    head, drawing,
    made("p", { class: "big" }, shownError(error, unit)),
    made("p", { class: "sub" }, `${errors.label}${accuracy ? ` · ${accuracy}` : ""}`),
    made("p", { class: "sub" }, place),
    factsOf(data, i), ...neighboursOf(data, i), made("h3", {}, "Decisions"), decisionsOf(data, i),
  );
}

const rankOf = ({ rank, n }, i) => `${whole(rank[i] + 1)}${ordinal(rank[i] + 1)} of ${whole(n)}`;
const ordinal = (n) => (n % 100 > 10 && n % 100 < 14 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th");

function factsOf(data, i) {
  const { unit } = data.info.metric, list = made("dl");
  const add = (label, value, small = "") => list.append(made("dt", {}, label), made("dd", {}, value, made("small", {}, small)));
  add("regret", shownError(data.errors.values[i] - best(data), unit));
  const seeds = data.seeds.map((seed) => seed.values[i]).filter(Number.isFinite);
  if (seeds.length) add(`per seed (${seeds.length})`, seeds.map((value) => value.toFixed(2)).join(" · "), unit ? ` ${unit}` : "");
  if (seeds.length > 1) add("range of seeds", shownError(Math.max(...seeds) - Math.min(...seeds), unit));
  for (const column of data.numbers) {
    if (column.kind === "test") add(column.label, shownError(column.values[i], unit));
    if (column.kind === "objective") add(column.label, shownNumber(column.values[i], 4), column.unit ? ` ${column.unit}` : "");
  }
  add("from the best", `${data.distance[i]} of ${data.decisions.length}`, " decisions");
  return list;
}

/** The architectures that differ in one decision, or in as few as any does, best first. */
function neighboursOf(data, i) {
  const distance = differing(data, i);
  let least = Infinity;
  for (let j = 0; j < data.n; j++) if (distance[j] > 0 && distance[j] < least) least = distance[j];
  if (!Number.isFinite(least)) return [];
  const found = [];
  for (let j = 0; j < data.n; j++) if (distance[j] === least) found.push(j);
  found.sort((a, b) => data.errors.values[a] - data.errors.values[b]);
  const own = data.errors.values[i], better = found.filter((j) => data.errors.values[j] < own).length;
  const said = better ? `${better} of ${found.length} are better` : `none of ${found.length} is better: a ${own > best(data) ? "local" : "global"} optimum`;
  const list = made("ul", { class: "neighbours" }, ...found.slice(0, 6).map((j) => {
    const gain = data.errors.values[j] - own, sign = gain < 0 ? "−" : "+";
    const button = made("button", { type: "button", onclick: () => set({ hover: null, pinned: j }) });
    button.append(made("span", { class: "change" }, changeOf(data, i, j)));
    button.append(made("span", { class: gain < 0 ? "better" : gain > 0 ? "worse" : "" }, `${sign}${Math.abs(gain).toFixed(2)}`));
    return made("li", {}, button);
  }));
  const title = least === 1 ? "Neighbours: one decision differs" : `Nearest: ${least} decisions differ`;
  return [made("h3", {}, title), made("p", { class: "sub" }, said), list];
}

/** What differs between two architectures. */
function changeOf({ decisions }, i, j) {
  const changed = decisions.filter(({ codes }) => codes[i] !== codes[j]).slice(0, 3);
  return changed.map(({ name, options, codes }) => `${arrowed(name)}: ${options[codes[i]]} → ${options[codes[j]]}`).join("; ");
}

const arrowed = (name) => name.replaceAll("->", "→");

function decisionsOf({ decisions }, i) {
  const text = decisions.map(({ name, options, codes }) => `${arrowed(name)}: ${options[codes[i]]}`).join("; ");
  return made("code", {}, text.length > 900 ? `${text.slice(0, 900)} …` : text);
}
