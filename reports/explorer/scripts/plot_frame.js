// The layer above the points of a scatter plot: its frame, ticks and titles, and what a view lays over them.

/** Draws the upper layer of a plot. */
function drawFrame(plot) {
  const { lines, box, area, data, view } = plot, ratio = devicePixelRatio || 1;
  const [width, height] = [Math.round(box.clientWidth * ratio), Math.round(box.clientHeight * ratio)];
  if (lines.width !== width || lines.height !== height) [lines.width, lines.height] = [width, height];
  const context = lines.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, box.clientWidth, box.clientHeight);
  context.font = `${LABEL}px ${getComputedStyle(box).fontFamily}`;
  context.lineWidth = 1;
  const [right, bottom] = [area.left + area.width, area.top + area.height];
  context.strokeStyle = themed("faint");
  context.strokeRect(area.left - 0.5, area.top - 0.5, area.width + 1, area.height + 1);
  context.fillStyle = themed("muted");
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const [place, text] of data.y.ticks(...view.y, Math.max(3, area.height / 45))) {
    const y = Math.round(plot.yOf(place)) + 0.5;
    if (y < area.top - 1 || y > bottom + 1) continue;
    stroke(context, area.left - 4, y, area.left, y);
    context.fillText(text, area.left - 7, y);
  }
  context.textAlign = "center";
  let end = -1e9;
  for (const [place, text] of data.x.ticks(...view.x, Math.max(3, area.width / 70))) {
    const x = Math.round(plot.xOf(place)) + 0.5, half = context.measureText(text).width / 2;
    if (x < area.left - 1 || x > right + 1) continue;
    stroke(context, x, bottom, x, bottom + 4);
    if (x - half < end + 6) continue;
    end = x + half;
    context.fillText(text, x, bottom + 13);
  }
  context.fillStyle = themed("ink");
  context.fillText(data.x.title, area.left + area.width / 2, box.clientHeight - 9);
  context.save();
  context.translate(9, area.top + area.height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(data.y.title, 0, 0);
  context.restore();
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 4, area.width, area.height + 8);
  context.clip();
  plot.hooks.overlay?.(context, plot);
  context.restore();
}

function stroke(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
