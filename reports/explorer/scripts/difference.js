// The difference in mean regret of two methods along the budget.

function initDifference() {
  const box = document.getElementById("difference-chart");
  for (const name of ["a", "b"]) {
    document.getElementById(`difference-${name}`).addEventListener("change", (event) => set({ [name]: +event.target.value }));
  }
  document.getElementById("curves-x").addEventListener("change", showDifference);
  watch("task runs", fillDifference);
  watch("a b", showDifference);
  new ResizeObserver(showDifference).observe(box);
  fillDifference();
}

function fillDifference() {
  const { curves } = state.task, entries = curves.map(({ method }) => [method, described.methods[method].label]);
  document.getElementById("difference").hidden = curves.length < 2;
  if (curves.length < 2) return;
  const ranked = [...curves].sort((p, q) => p.mean.at(-1) - q.mean.at(-1)).map(({ method }) => method);
  const kept = (method) => entries.some(([one]) => one === method);
  const a = state.a !== state.b && kept(state.a) ? state.a : ranked[0], b = state.a !== state.b && kept(state.b) ? state.b : ranked[1];
  fillSelect(document.getElementById("difference-a"), entries, a);
  fillSelect(document.getElementById("difference-b"), entries, b);
  set({ a, b });
  showDifference();
}

/** The difference and the half width of its 95 % interval by Welch's t, point by point. */
function welch(a, b) {
  return Array.from(a.mean, (mean, k) => {
    const [va, vb] = [a.sd[k] ** 2 / a.runs, b.sd[k] ** 2 / b.runs];
    const freedom = (va + vb) ** 2 / (va ** 2 / (a.runs - 1) + vb ** 2 / (b.runs - 1));
    return [mean - b.mean[k], va + vb > 0 ? studentQuantile(freedom) * Math.sqrt(va + vb) : a.runs > 1 && b.runs > 1 ? 0 : NaN];
  });
}

function showDifference() {
  const { task } = state, [a, b] = [state.a, state.b].map((method) => task.curves.find((curve) => curve.method === method));
  if (!a || !b || task.curves.length < 2) return;
  const { grid, unit, floor } = task.runs, [nameA, nameB] = [state.a, state.b].map((method) => described.methods[method].label);
  const found = welch(a, b), endsOf = ([at, half]) => (Number.isFinite(half) ? [at - half, at + half] : [at]);
  const ends = found.flatMap(endsOf).filter(Number.isFinite);
  const sorted = [...ends].map(Math.abs).sort((p, q) => p - q), reach = sorted[Math.floor(0.85 * (sorted.length - 1))] * 1.15 || 1;
  const scale = document.getElementById("curves-x").value;
  const signedTick = (tick) => (tick > 0 ? "+" : "") + shownNumber(tick);
  const frame = frameOf(document.getElementById("difference-chart"), {
    height: 230, label: `Difference in mean regret of ${nameA} and ${nameB}`,
    x: { scale, low: grid[0], high: grid.at(-1), title: described.unit },
    y: { scale: "linear", low: -reach, high: reach, title: `difference (${unit})`, format: signedTick },
  });
  const { svg, area, x, y } = frame, held = (value) => Math.min(area.bottom, Math.max(area.top, y(value)));
  if (floor) {
    const [top, bottom] = [held(floor), held(-floor)];
    const place = { x: area.left, width: area.right - area.left, y: top, height: bottom - top };
    svg.append(drawn("rect", { ...place, fill: themed("muted"), opacity: 0.1, class: "floor" }));
  }
  svg.append(drawn("line", { x1: area.left, x2: area.right, y1: y(0), y2: y(0), stroke: themed("muted") }));
  const known = found.map(([at, half], k) => [x(grid[k]), at, half]).filter((one) => one.every(Number.isFinite));
  const edge = (sign) => known.map(([px, at, half]) => [px, held(at + sign * half)]);
  if (known.length > 1) svg.append(areaBetween(edge(1), edge(-1), themed("accent"), 0.18));
  const line = found.map(([at], k) => [x(grid[k]), Number.isFinite(at) ? held(at) : NaN]);
  svg.append(lineThrough(line, themed("accent"), 2.2, { class: "difference" }));
  for (const [text, place] of [[`↑ ${nameB} is ahead`, area.top + 12], [`↓ ${nameA} is ahead`, area.bottom - 8]]) {
    svg.append(drawn("text", { class: "halo", x: area.right - 6, y: place, "text-anchor": "end" }, text));
  }
  document.getElementById("difference-readout").textContent = verdictOf(found.at(-1), nameA, nameB, grid.at(-1), unit, floor);
}

function verdictOf([at, half], nameA, nameB, amount, unit, floor) {
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  const interval = Number.isFinite(half) ? ` [${signed(at - half)}, ${signed(at + half)}]` : "";
  const said = `At ${shownNumber(amount)} ${described.unit}, ${nameA} minus ${nameB}: ${signed(at)} ${unit}${interval}`;
  const zero = `the 95 % interval ${Math.abs(at) > half ? "excludes" : "includes"} zero`;
  const judged = Number.isFinite(half) ? zero : "no interval with one repeat";
  const noise = floor ? ` Grey: the noise floor of the task, ±${floor.toFixed(2)} ${unit}.` : "";
  return state.a === state.b ? "Choose two methods." : `${said}; ${judged}.${noise}`;
}
