// The frame of a chart in SVG: axes with ticks, titles and a grid.

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes and children. */
function drawn(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An HTML element with attributes and children; texts are never markup. */
function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Fills a select with pairs of value and text, and keeps what was chosen where it is still there. */
function fillSelect(select, entries, chosen = select.value) {
  select.replaceChildren(...entries.map(([value, text]) => made("option", { value }, text)));
  select.value = entries.some(([value]) => String(value) === String(chosen)) ? chosen : entries[0]?.[0];
}

/**
 * The frame of a chart.
 *
 * @param box The element that holds it.
 * @param options height, label (for readers that hear it), and x and y: { scale, low, high, title, format, ticks }.
 * @returns The SVG, its plot area, and x(value) and y(value) in its pixels.
 */
function frameOf(box, { height, label, x, y, left = 56, bottom = 38, top = 12, right = 14 }) {
  const width = Math.max(box.clientWidth, 240);
  const area = { left, top, right: width - right, bottom: height - bottom };
  const along = (axis, from, to) => {
    const { place } = SCALES[axis.scale], low = place(axis.low), span = place(axis.high) - low || 1;
    return (value) => from + ((place(value) - low) / span) * (to - from);
  };
  const [xAt, yAt] = [along(x, area.left, area.right), along(y, area.bottom, area.top)];
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const ticksOf = (axis, most) => (axis.ticks ?? SCALES[axis.scale].ticks(axis.low, axis.high, most));
  for (const tick of ticksOf(y, Math.max(3, (area.bottom - area.top) / 42))) {
    svg.append(drawn("line", { class: "grid", x1: area.left, x2: area.right, y1: yAt(tick), y2: yAt(tick) }));
    svg.append(drawn("text", { x: area.left - 7, y: yAt(tick) + 4, "text-anchor": "end" }, (y.format ?? shownNumber)(tick)));
  }
  let end = -1e9;
  for (const tick of ticksOf(x, Math.max(3, (area.right - area.left) / 75))) {
    const at = xAt(tick), text = (x.format ?? shownNumber)(tick), half = text.length * 3.4;
    svg.append(drawn("line", { class: "axis", x1: at, x2: at, y1: area.bottom, y2: area.bottom + 4 }));
    if (at - half < end + 4) continue;
    end = at + half;
    svg.append(drawn("text", { x: at, y: area.bottom + 17, "text-anchor": "middle" }, text));
  }
  svg.append(drawn("path", { class: "axis", d: `M${area.left} ${area.top}V${area.bottom}H${area.right}` }));
  svg.append(drawn("text", { class: "title", x: (area.left + area.right) / 2, y: height - 4, "text-anchor": "middle" }, x.title));
  const middle = (area.top + area.bottom) / 2;
  const turned = { class: "title", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` };
  svg.append(drawn("text", turned, y.title));
  box.replaceChildren(svg);
  return { svg, area, x: xAt, y: yAt, width, height };
}

/** A path through points; it breaks where a value is missing. */
function pathThrough(points) {
  let path = "", pen = "M";
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    } else pen = "M";
  }
  return path;
}

/** A line through points. */
const lineThrough = (points, stroke, width, more = {}) =>
  drawn("path", { d: pathThrough(points), fill: "none", stroke, "stroke-width": width, ...more });

/** A filled area between two lines. */
const areaBetween = (upper, lower, fill, opacity) =>
  drawn("path", { d: `${pathThrough([...upper, ...[...lower].reverse()])}Z`, fill, opacity });

/** The pixel of the chart under a pointer. */
function pointerIn(svg, event) {
  const box = svg.getBoundingClientRect(), size = svg.viewBox.baseVal;
  return [((event.clientX - box.left) / box.width) * size.width, ((event.clientY - box.top) / box.height) * size.height];
}
