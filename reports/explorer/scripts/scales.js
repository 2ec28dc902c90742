// Scales, ticks and numbers as people read them.

/** A number in about three figures: 1.53M, 436k, 12.4, 0.0071. */
function shownNumber(value, figures = 3) {
  if (!Number.isFinite(value)) return "n/a";
  const size = Math.abs(value);
  for (const [unit, sign] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit * 9.9995 || (size >= unit && unit > 1e3)) return trimmed(value / unit, figures) + sign;
  }
  return trimmed(value, figures);
}

function trimmed(value, figures) {
  if (value === 0) return "0";
  const digits = Math.max(0, Math.min(6, figures - 1 - Math.floor(Math.log10(Math.abs(value)))));
  const text = value.toFixed(digits);
  return (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace("-", "−");
}

/** An error or regret with two decimals more than its unit needs. */
const shownError = (value, unit) => (Number.isFinite(value) ? `${value.toFixed(2).replace("-", "−")}${unit ? ` ${unit}` : ""}` : "n/a");
const whole = (value) => Math.round(value).toLocaleString("en");

/** Ticks at round values, at most `most` of them. */
function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? 10 * power;
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) ticks.push(+(n * step).toPrecision(12));
  return ticks;
}

/** Ticks of a logarithmic axis between two values; round values where it spans less than a decade. */
function logTicks(low, high, most) {
  const decades = Math.log10(high / low), ticks = [];
  if (decades < 0.7) return linearTicks(low, high, most).filter((tick) => tick > 0);
  const times = decades > most ? [1] : decades * 2 > most ? [1, 3] : decades * 3 > most ? [1, 2, 5] : [1, 2, 3, 5, 7];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const time of times) {
      const tick = +(time * 10 ** power).toPrecision(12);
      if (tick >= low * 0.9999 && tick <= high * 1.0001) ticks.push(tick);
    }
  }
  return ticks;
}

/** A way to place values on an axis: `place` and its inverse `value`, and the ticks of a part of it. */
const SCALES = {
  linear: { place: (v) => v, value: (p) => p, ticks: linearTicks },
  log: { place: (v) => Math.log10(v), value: (p) => 10 ** p, ticks: logTicks },
};

/** The value that 97.5 % of Student's t distribution do not exceed; exact for 1 and 2, else within 0.003 (Hill 1970). */
function studentQuantile(freedom) {
  if (!(freedom >= 1)) return NaN;
  if (freedom < 1.5) return 12.706;
  if (freedom < 2.5) return 4.303;
  const z = 1.959964, g1 = (z ** 3 + z) / 4, g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3 + g4 / freedom ** 4;
}

/** Deterministic noise in [0, 1) for a number: spreads points that would hide each other. */
function noise(i) {
  let h = Math.imul(i + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return ((h ^ (h >>> 13)) >>> 0) / 4294967296;
}
