// Draws tens of thousands of points into the pixels of a canvas, in a few milliseconds.

/** The pixels of one canvas, in device pixels. */
class Raster {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.sprites = new Map();
  }

  resize(width, height) {
    if (this.canvas.width === width && this.canvas.height === height && this.image) return;
    [this.canvas.width, this.canvas.height] = [width, height];
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Paints everything in one colour. */
  clear([red, green, blue]) {
    this.pixels.fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
  }

  show() {
    this.context.putImageData(this.image, 0, 0);
  }

  /**
   * Blends discs.
   *
   * @param order Numbers of the points, the last on top.
   * @param xs Places in device pixels, by number; ys likewise.
   * @param colours Number of the colour of each point, or null for the first.
   * @param palette Triples of red, green, blue.
   * @param radius In device pixels; alpha of 1 is opaque.
   * @param kept Only points whose flag is `flag`; all where it is null.
   */
  discs(order, xs, ys, colours, palette, radius, alpha, kept = null, flag = 1) {
    const { width, height } = this.canvas, { size, cover } = this.sprite(radius), half = (size - 1) / 2;
    const pixels = this.pixels, strength = Math.round(alpha * 256);
    for (let k = 0; k < order.length; k++) {
      const i = order[k];
      if (kept !== null && kept[i] !== flag) continue;
      const left = Math.round(xs[i] - half), top = Math.round(ys[i] - half);
      if (!(left > -size && top > -size && left < width && top < height)) continue;
      const [red, green, blue] = palette[colours === null ? 0 : colours[i]];
      const firstRow = top < 0 ? -top : 0, lastRow = top + size > height ? height - top : size;
      const firstColumn = left < 0 ? -left : 0, lastColumn = left + size > width ? width - left : size;
      for (let row = firstRow; row < lastRow; row++) {
        let at = (top + row) * width + left + firstColumn, from = row * size + firstColumn;
        for (let column = firstColumn; column < lastColumn; column++, at++, from++) {
          const share = (cover[from] * strength) >> 8;
          if (share === 0) continue;
          const old = pixels[at], rest = 256 - share;
          const r = ((old & 255) * rest + red * share) >> 8;
          const g = (((old >> 8) & 255) * rest + green * share) >> 8;
          const b = (((old >> 16) & 255) * rest + blue * share) >> 8;
          pixels[at] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
        }
      }
    }
  }

  /** Fills rectangles around points, for maps in which each point has a cell of its own. */
  cells(order, xs, ys, colours, palette, wide, high, kept = null) {
    const { width, height } = this.canvas, pixels = this.pixels;
    const words = palette.map(([r, g, b]) => ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0);
    const [red, green, blue] = [pixels[0] & 255, (pixels[0] >> 8) & 255, (pixels[0] >> 16) & 255];
    const pale = palette.map((one) => one.map((part, k) => Math.round(part * 0.18 + [red, green, blue][k] * 0.82)));
    const paleWords = pale.map(([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
    for (let k = 0; k < order.length; k++) {
      const i = order[k], word = kept !== null && kept[i] !== 1 ? paleWords[colours[i]] : words[colours[i]];
      const left = Math.max(0, Math.round(xs[i] - wide / 2)), right = Math.min(width, Math.max(Math.round(xs[i] + wide / 2), left + 1));
      const top = Math.max(0, Math.round(ys[i] - high / 2)), bottom = Math.min(height, Math.max(Math.round(ys[i] + high / 2), top + 1));
      for (let row = top; row < bottom; row++) if (right > left) pixels.fill(word, row * width + left, row * width + right);
    }
  }

  /** How much of each pixel a disc covers, from 0 to 256. */
  sprite(radius) {
    const key = radius.toFixed(2);
    if (!this.sprites.has(key)) {
      const size = 2 * Math.ceil(radius) + 1, half = (size - 1) / 2, cover = new Uint16Array(size * size);
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const distance = Math.hypot(row - half, column - half);
          cover[row * size + column] = Math.round(256 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
        }
      }
      this.sprites.set(key, { size, cover });
    }
    return this.sprites.get(key);
  }
}
