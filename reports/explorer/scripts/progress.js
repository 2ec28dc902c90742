// The progress of a suite that runs: asks the server that the page came from.

const ASK_SECONDS = 2;
let version = null;

function initProgress() {
  if (!described.live) return;
  version = described.version;
  document.getElementById("progress").hidden = false;
  ask();
}

async function ask() {
  try {
    const answer = await fetch("state", { cache: "no-store" });
    if (answer.ok) {
      const said = await answer.json();
      showProgress(said);
      if (said.version !== version) await takeNews();
    } else {
      document.getElementById("progress").replaceChildren(made("p", { class: "worse" }, await answer.text()));
    }
    setTimeout(ask, ASK_SECONDS * 1000);
  } catch {
    document.getElementById("progress").replaceChildren("The server of this page has ended; the page stays as it is.");
  }
}

function showProgress({ headline, methods, failures, live }) {
  const rows = methods.map(({ label, planned, stored, failed }) => {
    const fill = made("div", { class: "fill", style: `width:${planned ? (100 * stored) / planned : 0}%` });
    const said = `${whole(stored)} of ${whole(planned)}${failed ? `, ${whole(failed)} failed` : ""}`;
    const cells = [label, made("div", { class: "track" }, fill), said];
    return made("tr", {}, ...cells.map((content, k) => made("td", { class: k === 1 ? "bar" : "" }, content)));
  });
  const list = failures.map((text) => made("li", {}, text));
  document.getElementById("progress").replaceChildren(
    made("strong", {}, headline), made("table", { class: "bars" }, ...rows),
    ...live.map((text) => made("p", { class: "lede" }, text)), ...(list.length ? [made("ul", { class: "failures" }, ...list)] : []),
  );
}

/** Takes the runs that have been stored since. */
async function takeNews() {
  const answer = await fetch("news", { cache: "no-store" });
  if (!answer.ok) return null;
  const { description, blocks } = await answer.json();
  for (const [key, text] of Object.entries(blocks)) replaceBlock(key, text);
  const points = new Map(description.tasks.map((task) => [task.name, task.points]));
  const moved = described.tasks.some((task) => points.get(task.name) !== task.points);
  if (moved || points.size !== described.tasks.length) return location.reload();
  const before = new Set(described.methods.keys()), budgets = described.budgets.length;
  Object.assign(described, { ...description, live: true });
  version = description.version;
  if (description.budgets.length !== budgets) return location.reload();
  for (const [name, promise] of tasks) {
    const data = await promise;
    const { runs, smaller } = description.tasks.find((task) => task.name === name);
    Object.assign(data.info, { runs, smaller });
    await readRuns(data);
  }
  const shown = new Set([...state.shown, ...[...described.methods.keys()].filter((k) => !before.has(k))]);
  set({ shown, runs: version });
  return showHead();
}
