// Colours: light and dark, the scale of errors, and the looks of the methods.

// Cividis (Nunez, Anderton and Renslow, PLoS ONE 2018): even in lightness for readers with any colour vision.
const CIVIDIS = [
  "#00224e", "#0a2e6b", "#26396f", "#3a456d", "#4b506c", "#5a5c6e", "#686871", "#767475", "#848178", "#938e77", "#a29b73",
  "#b2a96e", "#c2b766", "#d3c65b", "#e4d54c", "#f5e439", "#fee838",
];
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const hexOf = (rgb) => "#" + rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");
const mixed = (a, b, share) => channels(a).map((part, k) => part + share * (channels(b)[k] - part));

/** Whether the page is dark: as the reader chose, else as the system says. */
const isDark = () => document.documentElement.dataset.theme === "dark";

function initTheme(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)"), button = document.getElementById("theme");
  const set = (dark) => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    changed();
  };
  button.addEventListener("click", () => set(!isDark()));
  system.addEventListener("change", () => set(system.matches));
  set(system.matches);
}

/** A colour of the theme, by its name in the style sheet. */
const themed = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** 256 colours from the best to the worst: the best have the most contrast with the page. */
function errorColours() {
  const from = isDark() ? 1 : 0, to = isDark() ? 0.12 : 0.93;
  return Array.from({ length: 256 }, (_, i) => {
    const at = (from + (to - from) * (i / 255)) * (CIVIDIS.length - 1), low = Math.min(Math.floor(at), CIVIDIS.length - 2);
    return mixed(CIVIDIS[low], CIVIDIS[low + 1], at - low);
  });
}

/** The colour of a method: that of the report, lighter on a dark page. */
function methodColour(method) {
  if (!isDark()) return method.colour;
  const [red, green, blue] = channels(method.colour);
  return hexOf(mixed(method.colour, "#ffffff", Math.max(0, 0.66 - (0.299 * red + 0.587 * green + 0.114 * blue) / 255)));
}

/** The dashes of a method, for a line of 2 pixels. */
const methodDashes = (method) => method.dashes.map((length) => length * 2).join(" ");
