// Makes every head of a table a button that sorts by its column. Without scripts, tables stand as they are.
for (const table of document.querySelectorAll("figure.table table")) {
  const heads = [...table.tHead.querySelector("tr.heads").cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const compare = (a, b) => {
        const [x, y] = [value(a), value(b)];
        const [m, n] = [Number(x), Number(y)];
        if (Number.isNaN(m) && Number.isNaN(n)) return down ? y.localeCompare(x) : x.localeCompare(y);
        if (Number.isNaN(m) || Number.isNaN(n)) return Number.isNaN(m) - Number.isNaN(n);
        return down ? n - m : m - n;
      };
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
    });
  });
}

// Says so where a table or figure is wider than the window, and opens what a link leads into.
const marked = () => document.querySelectorAll(".scroll, figure.plot").forEach((box) =>
  box.classList.toggle("wide", box.scrollWidth > box.clientWidth + 1));
const opened = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
};
addEventListener("resize", marked);
addEventListener("hashchange", opened);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
document.querySelectorAll("details").forEach((part) => part.addEventListener("toggle", marked));
marked();
opened();
