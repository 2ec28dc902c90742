// The axes of a landscape: errors, distances, sizes, and maps of the space.

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
