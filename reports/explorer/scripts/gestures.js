// Mouse, touch and keys of a scatter plot.

/** Listens to the pointers, the wheel and the keys of a plot. */
function listenTo(plot) {
  const { box, pointers } = plot;
  let travelled = 0;
  const inBox = (event) => {
    const edge = box.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, inBox(event));
    travelled = 0;
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    const [x, y] = inBox(event), before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") plot.hooks.hover(plot.nearest(x, y));
      return;
    }
    travelled += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    if (pointers.size === 1 && travelled > 4) {
      box.classList.add("moving");
      plot.move(x - before[0], y - before[1]);
    }
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const [was, is] = [Math.hypot(before[0] - other[0], before[1] - other[1]), Math.hypot(x - other[0], y - other[1])];
      if (was > 8) plot.zoom(is / was, (x + other[0]) / 2, (y + other[1]) / 2);
      plot.move((x - before[0]) / 2, (y - before[1]) / 2);
    }
    pointers.set(event.pointerId, [x, y]);
  });
  const ended = (event) => {
    const was = pointers.delete(event.pointerId);
    if (!pointers.size) box.classList.remove("moving");
    if (was && event.type === "pointerup" && !pointers.size && travelled <= 4) {
      plot.hooks.pick(plot.nearest(...inBox(event), event.pointerType === "touch" ? 26 : 14));
    }
  };
  box.addEventListener("pointerup", ended);
  box.addEventListener("pointercancel", ended);
  box.addEventListener("pointerleave", () => plot.hooks.hover(null));
  box.addEventListener("dblclick", (event) => plot.zoom(2, ...inBox(event)));
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== box) return;
    event.preventDefault();
    plot.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), ...inBox(event));
  }, { passive: false });
  box.addEventListener("keydown", (event) => pressed(plot, event));
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function pressed(plot, event) {
  const { area } = plot, middle = [area.left + area.width / 2, area.top + area.height / 2];
  if (event.key in ARROWS) {
    const [right, down] = ARROWS[event.key];
    if (event.shiftKey) plot.move(-right * 60, -down * 60);
    else {
      const next = plot.next(plot.hooks.current(), right, down);
      if (next !== null) plot.hooks.pick(next);
    }
  } else if (event.key === "+" || event.key === "=") plot.zoom(1.4, ...middle);
  else if (event.key === "-") plot.zoom(1 / 1.4, ...middle);
  else if (event.key === "0") plot.reset();
  else if (event.key === "Escape") plot.hooks.pick(null);
  else return;
  event.preventDefault();
}
