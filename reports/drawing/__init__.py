"""Vector drawings: shapes and text on a canvas, written as SVG or PDF; no layout solver, no global state."""
