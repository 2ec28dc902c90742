// Draws the graph of an architecture: layers from top to bottom, every label in a box of its own.

const CHARACTER = 6.9, BOX_HEIGHT = 23, BETWEEN = 12, TEXT_ROW = 25, NODE_ROW = 37, BEND_ROW = 12, SWEEPS = 12;

/** The graph of a point: labels of nodes, and edges as [source, target, label]. */
function graphOf({ space, spaceBytes }, i) {
  const { nodes, edges, nodeLabels, edgeLabels } = space.graph;
  space.unpacked ??= {
    nodes: nodes.map((place) => arrayOf(spaceBytes, place)),
    edges: edges.map(([source, target, place]) => [source, target, arrayOf(spaceBytes, place)]),
  };
  const labels = space.unpacked.nodes.map((codes) => codes[i]).filter((code) => code > 0).map((code) => nodeLabels[code - 1]);
  const found = [];
  for (const [source, target, codes] of space.unpacked.edges) {
    if (codes[i] > 0) found.push([source, target, edgeLabels[codes[i] - 1]]);
  }
  return { labels, edges: found };
}

/** The drawings of the connected parts of a graph, one below the other. */
function graphDrawings(graph) {
  const root = graph.labels.map((_, node) => node);
  const find = (node) => (root[node] === node ? node : find(root[node]));
  for (const [source, target] of graph.edges) root[Math.max(find(source), find(target))] = Math.min(find(source), find(target));
  const parts = [...new Set(graph.labels.map((_, node) => find(node)))];
  return parts.map((part) => {
    const members = graph.labels.map((_, node) => node).filter((node) => find(node) === part);
    const edges = graph.edges.filter(([source]) => find(source) === part);
    return partDrawing({
      labels: members.map((node) => graph.labels[node]),
      edges: edges.map(([source, target, label]) => [members.indexOf(source), members.indexOf(target), label]),
    });
  });
}

function partDrawing(graph) {
  const { boxes, links } = boxesOf(graph), columns = columnsOf(boxes, links);
  const widthOf = (column) => column.reduce((sum, i) => sum + boxes[i].width + BETWEEN, -BETWEEN);
  const width = Math.max(...columns.map(widthOf)) + 6, middle = [], top = [];
  let height = 4;
  for (const column of columns) {
    const has = (what) => column.some((i) => boxes[i][what]);
    const row = has("isNode") ? NODE_ROW : has("text") ? TEXT_ROW : BEND_ROW;
    let x = (width - widthOf(column)) / 2;
    for (const i of column) {
      middle[i] = x + boxes[i].width / 2;
      top[i] = height + row / 2;
      x += boxes[i].width + BETWEEN;
    }
    height += row;
  }
  height += 4;
  const ends = graph.edges.map(([source, target]) => `${graph.labels[source]} to ${graph.labels[target]}`);
  const svg = drawn("svg", {
    viewBox: `0 0 ${width.toFixed(0)} ${height}`, role: "img", "aria-label": ends.join(", ") || graph.labels.join(", "),
    style: `width:${Math.max(width, 60).toFixed(0)}px;max-width:100%;min-width:${(Math.min(width, 700) * 0.68).toFixed(0)}px`,
  });
  for (const [a, b] of links) {
    const y1 = top[a] + boxes[a].half, y2 = top[b] - boxes[b].half, [x1, x2] = [middle[a], middle[b]], bend = (y2 - y1) / 2;
    const head = boxes[b].isNode ? `M${x2 - 3.5} ${y2 - 5}L${x2} ${y2}L${x2 + 3.5} ${y2 - 5}` : "";
    const path = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}${head}`;
    svg.append(drawn("path", { d: path, fill: "none", stroke: "currentColor", "stroke-opacity": 0.5 }));
  }
  boxes.forEach((box, i) => {
    if (!box.text) return;
    if (box.isNode) {
      svg.append(drawn("rect", {
        x: middle[i] - box.width / 2, y: top[i] - BOX_HEIGHT / 2, width: box.width, height: BOX_HEIGHT, rx: 5,
        fill: "currentColor", "fill-opacity": 0.07, stroke: "currentColor", "stroke-opacity": 0.7,
      }));
    }
    const place = { x: middle[i], y: top[i] + 4.2, "text-anchor": "middle", fill: "currentColor", "font-size": 12 };
    svg.append(drawn("text", place, box.text));
  });
  return svg;
}

/** The boxes (nodes first, then labels and bends of edges) and the links between boxes of consecutive layers. */
function boxesOf({ labels, edges }) {
  const layer = labels.map(() => 0);
  for (const [source, target] of [...edges].sort((a, b) => a[1] - b[1])) layer[target] = Math.max(layer[target], layer[source] + 2);
  labels.forEach((_, node) => { // a source that is not the first stands right before what it feeds
    const fed = edges.filter(([source]) => source === node).map(([, target]) => layer[target]);
    if (!edges.some(([, target]) => target === node)) layer[node] = Math.max(Math.min(...fed, Infinity) - 2, 0) || 0;
    if (!Number.isFinite(layer[node])) layer[node] = 0;
  });
  const boxes = labels.map((text, node) => (
    { text, layer: layer[node], isNode: true, half: BOX_HEIGHT / 2, width: text.length * CHARACTER + 14 }));
  const links = [];
  for (const [source, target, label] of edges) {
    const middle = Math.floor((layer[source] + 1 + layer[target] - 1) / 2);
    let last = source;
    for (let at = layer[source] + 1; at < layer[target]; at++) {
      const text = at === middle ? label : "";
      boxes.push({ text, layer: at, isNode: false, half: text ? 9 : 0, width: text ? text.length * CHARACTER + 4 : 0 });
      links.push([last, boxes.length - 1]);
      last = boxes.length - 1;
    }
    links.push([last, target]);
  }
  return { boxes, links };
}

/** The boxes of each layer from left to right, ordered by the mean place of what they are linked with. */
function columnsOf(boxes, links) {
  const layers = [...new Set(boxes.map((box) => box.layer))].sort((a, b) => a - b);
  const columns = layers.map((at) => boxes.map((_, i) => i).filter((i) => boxes[i].layer === at));
  const joined = boxes.map(() => []);
  for (const [a, b] of links) {
    joined[a].push(b);
    joined[b].push(a);
  }
  const place = [];
  const number = (column) => column.forEach((i, k) => { place[i] = (k + 0.5) / column.length; });
  columns.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const mean = (i) => joined[i].reduce((sum, j) => sum + place[j], 0) / Math.max(joined[i].length, 1);
      const means = new Map(column.map((i) => [i, mean(i)]));
      column.sort((i, j) => means.get(i) - means.get(j));
      number(column);
    }
  }
  return columns;
}
