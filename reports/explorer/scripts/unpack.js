// Unpacks the blocks of the page: deflated little-endian arrays, the bytes of each number apart.

const WIDTHS = { u8: 1, u16: 2, u32: 4, f32: 4 };
const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array };
const texts = new Map();    // key of a block: its base64 text, until it is first needed
const unpacked = new Map(); // key of a block: a promise of its bytes

for (const element of document.querySelectorAll("script[data-block]")) {
  texts.set(element.dataset.block, element.textContent.trim());
  element.remove();
}

/** Takes a block that came later, from the server of a suite that runs. */
function replaceBlock(key, text) {
  texts.set(key, text);
  unpacked.delete(key);
}

/** The bytes of a block; inflated when they are first asked for. */
function bytesOf(key) {
  if (!unpacked.has(key)) unpacked.set(key, inflate(texts.get(key)));
  return unpacked.get(key);
}

async function inflate(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An array of a block, as its place says: type, offset and length. */
function arrayOf(bytes, [type, offset, length]) {
  const width = WIDTHS[type];
  if (width === 1) return bytes.subarray(offset, offset + length);
  const joined = new Uint8Array(length * width);
  for (let k = 0; k < width; k++) {
    for (let i = 0, from = offset + k * length; i < length; i++) joined[i * width + k] = bytes[from + i];
  }
  return new KINDS[type](joined.buffer);
}

/** The values of a packed column; NaN where one is missing. */
function columnOf(bytes, { codec, parts, low, high }) {
  const codes = arrayOf(bytes, parts.codes), values = new Float64Array(codes.length);
  if (codec === "exact") {
    const distinct = arrayOf(bytes, parts.values);
    for (let i = 0; i < codes.length; i++) values[i] = codes[i] < distinct.length ? distinct[codes[i]] : NaN;
    return values;
  }
  const step = (high - low) / 65534;
  for (let i = 0; i < codes.length; i++) values[i] = codes[i] > 65534 ? NaN : low + step * codes[i];
  return codec === "log" ? values.map(Math.exp) : values;
}
