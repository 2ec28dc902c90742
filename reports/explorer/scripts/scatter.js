// A plot of many points that is moved and zoomed: a layer of pixels for the points, one of lines and text above it.

const EDGE = { right: 12, top: 8, bottom: 42 };
const LABEL = 11.5; // size of the text of the axes, in pixels
const REST_MILLISECONDS = 140;

class Scatter {
  /**
   * @param box The element that holds it.
   * @param hooks hover(point or null), pick(point), overlay(context, plot), moved(away from the whole view).
   */
  constructor(box, hooks) {
    Object.assign(this, { box, hooks, mask: null, view: null, pending: 0, stale: true, resting: 0, pointers: new Map(), times: [] });
    this.base = box.appendChild(document.createElement("canvas"));
    this.lines = box.appendChild(document.createElement("canvas"));
    this.tip = box.appendChild(made("div", { class: "tip", role: "status", hidden: true }));
    this.raster = new Raster(this.base);
    new ResizeObserver(() => this.request()).observe(box);
    listenTo(this);
  }

  /**
   * @param data n, order (last on top), colours, palette, and the axes x and y: { places, title, ticks(low, high, most) };
   *   `cell` is the size of a point in places where each has a field of its own.
   */
  setData(data, keepView = false) {
    this.data = data;
    this.home = { x: span(data.x.places, data.cell), y: span(data.y.places, data.cell) };
    if (!keepView || !this.view) this.view = structuredClone(this.home);
    this.left = 30 + this.widest(data.y.ticks(...this.home.y, 8).map(([, text]) => text));
    this.hooks.moved?.(this.isAway);
    this.request();
  }

  /** Width of the longest of some texts; at least that of a number. */
  widest(texts) {
    const context = this.lines.getContext("2d");
    context.font = `${LABEL}px ${getComputedStyle(this.box).fontFamily}`;
    return Math.ceil(Math.max(28, ...texts.map((text) => context.measureText(text).width)));
  }

  get isAway() {
    return ["x", "y"].some((axis) => this.view[axis].some((end, k) => Math.abs(end - this.home[axis][k]) > 1e-9));
  }

  reset() {
    this.view = structuredClone(this.home);
    this.changed();
  }

  /** Draws a new view: coarsely on a dense screen while it moves, and sharply once it rests. */
  changed() {
    this.hooks.moved?.(this.isAway);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => { this.resting = 0; this.request(); }, REST_MILLISECONDS);
    this.request();
  }

  /** Draws in the next frame, once however often it is asked; only the lines where the points have not changed. */
  request(points = true) {
    this.stale ||= points;
    this.pending ||= requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  get area() {
    const width = this.box.clientWidth - this.left - EDGE.right, height = this.box.clientHeight - EDGE.top - EDGE.bottom;
    return { left: this.left, top: EDGE.top, width: Math.max(width, 10), height: Math.max(height, 10) };
  }

  /** Pixel of a place on an axis, in the box. */
  xOf(place) {
    const { left, width } = this.area, [low, high] = this.view.x;
    return left + ((place - low) / (high - low)) * width;
  }

  yOf(place) {
    const { top, height } = this.area, [low, high] = this.view.y;
    return top + (1 - (place - low) / (high - low)) * height;
  }

  /** Pixel of a point. */
  at(i) {
    return [this.xOf(this.data.x.places[i]), this.yOf(this.data.y.places[i])];
  }

  draw() {
    if (!this.data || !this.box.clientWidth) return;
    const began = performance.now();
    if (this.stale) this.drawPoints();
    this.stale = false;
    this.drawLines();
    this.times.push(performance.now() - began);
    if (this.times.length > 1000) this.times.shift();
  }

  drawPoints() {
    const { data, area, mask } = this, ratio = this.resting ? 1 : Math.min(devicePixelRatio || 1, 2), { n } = data;
    Object.assign(this.base.style, { left: `${area.left}px`, top: `${area.top}px`, width: `${area.width}px`, height: `${area.height}px` });
    this.raster.resize(Math.round(area.width * ratio), Math.round(area.height * ratio));
    if (this.xs?.length !== n) [this.xs, this.ys] = [new Float32Array(n), new Float32Array(n)];
    const { xs, ys } = this, { width, height } = this.base, [x0, x1] = this.view.x, [y0, y1] = this.view.y;
    const [perX, perY] = [width / (x1 - x0), height / (y1 - y0)], [px, py] = [data.x.places, data.y.places];
    for (let i = 0; i < n; i++) {
      xs[i] = (px[i] - x0) * perX;
      ys[i] = (y1 - py[i]) * perY;
    }
    this.raster.clear(channels(themed("panel")));
    if (data.cell) {
      this.raster.cells(data.order, xs, ys, data.colours, data.palette, data.cell[0] * perX, data.cell[1] * perY, mask);
    } else {
      const zoom = Math.sqrt(((this.home.x[1] - this.home.x[0]) * (this.home.y[1] - this.home.y[0])) / ((x1 - x0) * (y1 - y0)));
      const radius = ratio * Math.min(5, (n > 5000 ? 1.7 : 2.6) * Math.min(zoom, 16) ** 0.35);
      if (mask !== null) this.raster.discs(data.order, xs, ys, null, [channels(themed("faint"))], radius, 0.4, mask, 0);
      const size = mask === null ? radius : Math.max(radius * 1.5, 2.6 * ratio), alpha = mask === null && n > 5000 ? 0.72 : 0.9;
      this.raster.discs(data.order, xs, ys, data.colours, data.palette, size, alpha, mask);
    }
    this.raster.show();
  }

  drawLines() {
    drawFrame(this);
  }

  /** The point nearest to a pixel of the box; null where none is within reach. */
  nearest(x, y, reach = 14) {
    const ratio = this.base.width / this.area.width, [atX, atY] = [(x - this.area.left) * ratio, (y - this.area.top) * ratio];
    let found = null, least = (reach * ratio) ** 2;
    for (let i = 0; i < this.data.n; i++) {
      const distance = (this.xs[i] - atX) ** 2 + (this.ys[i] - atY) ** 2;
      if (distance < least && (this.mask === null || this.mask[i])) [found, least] = [i, distance];
    }
    return found;
  }

  /** The next point in a direction, for the arrow keys: near, and not far off the line. */
  next(from, right, down) {
    let found = null, least = Infinity;
    const { width, height } = this.base;
    for (let i = 0; i < this.data.n; i++) {
      const [dx, dy] = [this.xs[i] - this.xs[from], this.ys[i] - this.ys[from]], along = dx * right + dy * down;
      if (along <= 1.5 || !(this.xs[i] >= 0 && this.xs[i] <= width && this.ys[i] >= 0 && this.ys[i] <= height)) continue;
      const cost = along + 3 * Math.abs(dx * down + dy * right);
      if (cost < least && (this.mask === null || this.mask[i])) [found, least] = [i, cost];
    }
    return found;
  }

  /** Zooms about a pixel of the box. */
  zoom(factor, x, y) {
    const { area, view } = this, shareX = (x - area.left) / area.width, shareY = 1 - (y - area.top) / area.height;
    for (const [axis, share] of [["x", shareX], ["y", shareY]]) {
      const [low, high] = view[axis], whole = this.home[axis][1] - this.home[axis][0];
      const size = Math.min(Math.max((high - low) / factor, whole / 2000), whole * 1.5), at = low + share * (high - low);
      view[axis] = [at - share * size, at + (1 - share) * size];
    }
    this.changed();
  }

  /** Moves by pixels. */
  move(dx, dy) {
    const { area, view } = this, perX = (view.x[1] - view.x[0]) / area.width, perY = (view.y[1] - view.y[0]) / area.height;
    view.x = view.x.map((end) => end - dx * perX);
    view.y = view.y.map((end) => end + dy * perY);
    this.changed();
  }

  /** Says something beside a point. */
  say(i, ...content) {
    this.tip.hidden = i === null;
    if (i === null) return;
    const [x, y] = this.at(i), { clientWidth: width, clientHeight: height } = this.box;
    this.tip.replaceChildren(...content);
    this.tip.style.left = `${Math.min(Math.max(x + 14, 0), Math.max(width - this.tip.offsetWidth - 4, 0))}px`;
    this.tip.style.top = `${y + 14 + this.tip.offsetHeight > height ? Math.max(y - this.tip.offsetHeight - 12, 0) : y + 14}px`;
  }
}

/** The least and the largest place, with some room. */
function span(places, cell) {
  let [low, high] = [Infinity, -Infinity];
  for (const place of places) {
    if (place < low) low = place;
    if (place > high) high = place;
  }
  const room = cell ? 0.5 : (high - low || 1) * 0.035;
  return [low - room, high + room];
}
