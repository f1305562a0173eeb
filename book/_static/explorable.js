// Plots with sliders. Each div.explorable holds, as JSON, a table of the operations of the book's
// sympy expressions; it is computed and drawn here, without a kernel and without compiling text.
(() => {
  "use strict";
  const COLOURS = ["#0072B2", "#D55E00", "#00735C", "#A8477F", "#5B3A8C", "#8A6100", "#333333", "#2C7FB8"];
  const DASHES = ["", "7 3", "2 3", "10 3 2 3", "4 2", "12 4", "1 2", "8 2 2 2 2 2"];
  // Measurements: dark outlined shapes about (0, 0), a look that no curve has.
  const MARKERS = [
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z", "M-4 -4H4V4H-4Z", "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
    "M0 -5L5 4H-5Z", "M-4 -4L4 4M-4 4L4 -4",
  ];
  const POINTS = 240;
  const MARGIN = { left: 58, right: 14, top: 12, bottom: 46 };
  const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  const OPERATIONS = {
    "+": (a, b) => a + b, "*": (a, b) => a * b, "<": (a, b) => a < b, "<=": (a, b) => a <= b,
    min: (a, b) => Math.min(a, b), max: (a, b) => Math.max(a, b), if: (test, a, b) => (test ? a : b),
  };
  const FOLDED = ["+", "*", "min", "max"]; // of any number of arguments

  // A value is a number, or an array with one number for each point along an axis.
  const at = (value, i) => (typeof value === "number" ? value : value[i]);
  const each = (operation, a, b = 0, c = 0) => {
    const long = [a, b, c].find((value) => typeof value !== "number");
    if (long === undefined) return Number(operation(a, b, c));
    const result = new Float64Array(long.length);
    for (let i = 0; i < result.length; i++) result[i] = operation(at(a, i), at(b, i), at(c, i));
    return result;
  };

  // For a table: a function from the values of its names to a function that gives the value at a
  // place. Each is computed once; terms of a sum once for each index that they depend on.
  const computing = (table) => {
    const indices = []; // of sums, that an entry depends on; their names begin with an n
    for (const entry of table) {
      const [name, ...rest] = Array.isArray(entry) ? entry : [entry];
      const found = new Set(name === "sum" ? indices[rest[3]] : rest.flatMap((place) => [...indices[place]]));
      if (name === "sum") found.delete(rest[0]);
      if (typeof entry === "string" && entry.startsWith("n")) found.add(entry);
      indices.push(found);
    }
    const computed = (entry, scope) => {
      if (typeof entry === "string") return scope.known[entry];
      const [name, ...rest] = entry;
      if (name === "sum") {
        const [index, low, high, term] = rest;
        let total = 0;
        for (let i = low; i <= high; i++)
          total = each(OPERATIONS["+"], total, valueAt(term, { known: { [index]: i }, found: new Map(), index, outer: scope }));
        return total;
      }
      const operation = OPERATIONS[name] || Math[name], parts = rest.map((place) => valueAt(place, scope));
      return FOLDED.includes(name) ? parts.reduce((a, b) => each(operation, a, b)) : each(operation, ...parts);
    };
    const valueAt = (place, within) => {
      if (typeof table[place] === "number") return table[place];
      let scope = within;
      while (scope.outer && !indices[place].has(scope.index)) scope = scope.outer;
      if (!scope.found.has(place)) scope.found.set(place, computed(table[place], scope));
      return scope.found.get(place);
    };
    return (known) => {
      const whole = { known, found: new Map() };
      return (place) => valueAt(place, whole);
    };
  };

  const html = (parent, name, properties = {}) =>
    parent.appendChild(Object.assign(document.createElement(name), properties));
  const svg = (parent, name, attributes = {}, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return parent.appendChild(element);
  };

  // A number between 0 and 1 to a value of the axis, and back.
  const between = (axis, share) =>
    axis.log ? axis.low * (axis.high / axis.low) ** share : axis.low + (axis.high - axis.low) * share;
  const shareOf = (axis, value) =>
    axis.log ? Math.log(value / axis.low) / Math.log(axis.high / axis.low) : (value - axis.low) / (axis.high - axis.low);

  const written = (value) => {
    const power = Math.log10(Math.abs(value));
    const whole = Math.round(power);
    if (value !== 0 && (power < -3.01 || power > 3.99) && Math.abs(power - whole) < 1e-9)
      return `${value < 0 ? "−" : ""}10${[...String(whole)].map((c) => SUPERSCRIPT[c]).join("")}`;
    return Number.isFinite(value) ? String(Number(value.toPrecision(3))).replace("-", "−") : "–";
  };

  // Ticks as [value, has a label].
  const ticks = (axis, most) => {
    const found = [];
    if (axis.log) {
      const first = Math.floor(Math.log10(axis.low) - 1e-9), last = Math.ceil(Math.log10(axis.high) + 1e-9);
      const decades = Math.log10(axis.high / axis.low);
      const every = Math.max(1, Math.ceil(decades / most));
      for (let power = first; power <= last; power++)
        for (const factor of every > 1 ? [1] : [1, 2, 3, 4, 5, 6, 7, 8, 9])
          found.push([factor * 10 ** power, (factor === 1 && power % every === 0) || (decades < 2 && [2, 5].includes(factor))]);
    } else {
      const rough = (axis.high - axis.low) / most, base = 10 ** Math.floor(Math.log10(rough));
      const step = base * [1, 2, 5, 10].find((factor) => factor * base >= rough * 0.999);
      for (let i = Math.ceil(axis.low / step - 1e-9); i * step <= axis.high + 1e-9 * step; i++) found.push([i * step, true]);
    }
    return found.filter(([value]) => shareOf(axis, value) > -1e-9 && shareOf(axis, value) < 1 + 1e-9);
  };

  const look = (i) => ({
    stroke: COLOURS[i % COLOURS.length], "stroke-dasharray": DASHES[i % DASHES.length],
    "stroke-width": 2, fill: "none",
  });

  const marker = (i) => ({
    d: MARKERS[i % MARKERS.length], fill: i % 2 ? "#ffffff" : "#333333", stroke: "#333333", "stroke-width": 1.5,
  });

  // One plot with its legend in `place`; returns a function that draws it. `points` gives the
  // value of a formula along an axis.
  const panel = (place, data, name, points) => {
    const plot = svg(place, "svg", { role: "img", "aria-label": data.title });
    const legend = html(place, "ul", { className: "explorable-legend" });
    const explain = (label, width, height, shape, attributes) => {
      const item = html(legend, "li");
      svg(svg(item, "svg", { width, height, "aria-hidden": "true" }), shape, attributes);
      item.append(label);
    };
    data.curves.forEach((curve, i) => explain(curve.label, 34, 10, "line", { x1: 0, x2: 34, y1: 5, y2: 5, ...look(i) }));
    const measured = data.points || [];
    measured.forEach((set, i) => explain(set.label, 14, 14, "path", { transform: "translate(7 7)", ...marker(i) }));

    const axes = svg(plot, "g", { class: "explorable-axes" });
    const clip = svg(svg(plot, "clipPath", { id: `${name}-clip` }), "rect");
    const lines = svg(plot, "g", { "clip-path": `url(#${name}-clip)` });
    const paths = data.curves.map((_, i) => svg(lines, "path", { class: "explorable-curve", ...look(i) }));
    const dots = svg(plot, "g");
    let size = null; // width, height of the plot that the axes were drawn for
    const across = (value) => MARGIN.left + shareOf(data.x, value) * (size[0] - MARGIN.left - MARGIN.right);
    const up = (value) => size[1] - MARGIN.bottom - shareOf(data.y, value) * (size[1] - MARGIN.top - MARGIN.bottom);

    const frame = (width, height) => {
      size = [width, height];
      plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
      plot.setAttribute("height", height);
      axes.replaceChildren();
      const left = MARGIN.left, right = width - MARGIN.right, top = MARGIN.top, bottom = height - MARGIN.bottom;
      for (const [key, value] of Object.entries({ x: left, y: top - 2, width: right - left, height: bottom - top + 4 })) clip.setAttribute(key, value);
      for (const [value, named] of ticks(data.x, Math.max(3, Math.floor((right - left) / 65)))) {
        svg(axes, "path", { d: `M${across(value)} ${bottom}v${named ? 6 : 3}` });
        if (!named) continue;
        const label = svg(axes, "text", { y: bottom + 19, "text-anchor": "middle" }, written(value));
        label.setAttribute("x", Math.min(across(value), width - label.getComputedTextLength() / 2 - 1));
      }
      for (const [value, named] of ticks(data.y, 6)) {
        svg(axes, "path", { d: `M${left} ${up(value)}h${named ? -6 : -3}` });
        if (named) svg(axes, "text", { x: left - 9, y: up(value) + 4, "text-anchor": "end" }, written(value));
      }
      svg(axes, "path", { d: `M${left} ${top}V${bottom}H${right}` });
      const title = svg(axes, "text", { y: height - 6, "text-anchor": "middle" }, data.x.title);
      title.setAttribute("x", Math.min((left + right) / 2, width - title.getComputedTextLength() / 2 - 1));
      svg(axes, "text", { transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, data.y.title);
      dots.replaceChildren();
      measured.forEach((set, i) => set.x.forEach((x, j) =>
        svg(dots, "path", { class: "explorable-point", transform: `translate(${across(x)} ${up(set.y[j])})`, ...marker(i) })));
    };

    const visible = (axis, value) => Number.isFinite(value) && (!axis.log || value > 0);
    const outline = (curve) => {
      const run = "x" in curve ? data.parameter : data.x;
      const xs = "x" in curve ? points(curve.x, run) : null, ys = points(curve.y, run);
      let text = "", pen = "M";
      for (let i = 0; i <= POINTS; i++) {
        const x = xs === null ? between(run, i / POINTS) : at(xs, i), y = at(ys, i);
        if (!visible(data.x, x) || !visible(data.y, y)) { pen = "M"; continue; }
        const height = Math.min(Math.max(up(y), -1e4), 1e4); // far outside is out of sight
        text += `${pen}${across(x).toFixed(2)} ${height.toFixed(2)}`;
        pen = "L";
      }
      return text;
    };
    return () => {
      const width = Math.round(plot.clientWidth || place.clientWidth);
      if (width < 100) return; // not laid out yet
      const height = Math.round(Math.min(380, Math.max(240, width * 0.55)));
      if (size === null || size[0] !== width) frame(width, height);
      paths.forEach((path, i) => path.setAttribute("d", outline(data.curves[i])));
    };
  };

  const start = (box, number) => {
    const data = JSON.parse(box.querySelector("script").textContent);
    const values = data.sliders.map((slider) => slider.start);

    // What curves, plots and readouts share is computed once a drawing.
    const formulas = computing(data.formulas);
    let computed = new Map();
    const points = (place, run = null) => {
      const key = JSON.stringify(run);
      if (!computed.has(key)) {
        const known = Object.fromEntries(values.map((value, i) => [`p${i}`, value]));
        if (run) known.x = Float64Array.from({ length: POINTS + 1 }, (_, i) => between(run, i / POINTS));
        computed.set(key, formulas(known));
      }
      return computed.get(key)(place);
    };

    const controls = html(box, "div", { className: "explorable-controls" });
    let plots = [];
    const draw = () => {
      computed = new Map();
      plots.forEach((plot) => plot());
      readouts.forEach((read) => read());
    };
    let waiting = false;
    const redraw = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; draw(); });
    };

    const resets = data.sliders.map((slider, i) => {
      const id = `explorable-${number}-${i}`;
      const row = html(controls, "div", { className: "explorable-slider" });
      html(row, "label", { htmlFor: id, textContent: slider.label });
      // The slider itself announces its value; this one is for the eye.
      const shown = html(row, "span", { className: "explorable-value" });
      shown.setAttribute("aria-hidden", "true");
      const range = slider.log
        ? { min: 0, max: slider.steps, step: 1 }
        : { min: slider.low, max: slider.high, step: slider.step };
      const input = html(row, "input", { id, type: "range", ...range });
      const set = (value) => {
        values[i] = value;
        shown.textContent = written(value);
        input.setAttribute("aria-valuetext", written(value));
        redraw();
      };
      input.addEventListener("input", () =>
        set(slider.log ? between(slider, Number(input.value) / slider.steps) : Number(input.value)));
      const reset = () => {
        input.value = slider.log ? Math.round(shareOf(slider, slider.start) * slider.steps) : slider.start;
        set(slider.start);
      };
      reset();
      return reset;
    });
    const readouts = (data.readouts || []).map((readout, i) => {
      const id = `explorable-${number}-readout-${i}`;
      const row = html(controls, "div", { className: "explorable-slider" });
      html(row, "label", { htmlFor: id, textContent: readout.label });
      const shown = html(row, "output", { id, className: "explorable-value" });
      return () => { shown.textContent = written(points(readout.value)); };
    });
    html(controls, "button", { type: "button", textContent: "Reset" })
      .addEventListener("click", () => resets.forEach((reset) => reset()));

    if (data.panels) {
      const row = html(box, "div", { className: "explorable-panels" });
      plots = data.panels.map((own, i) => {
        const place = html(row, "div", { className: "explorable-panel" });
        html(place, "p", { className: "explorable-title", textContent: own.title });
        return panel(place, own, `explorable-${number}-${i}`, points);
      });
    } else plots = [panel(box, data, `explorable-${number}`, points)];
    new ResizeObserver(redraw).observe(box);
    draw();
    box.querySelector(".explorable-fallback").remove();
  };

  const all = () => document.querySelectorAll("div.explorable").forEach(start);
  if (typeof document === "undefined") module.exports = { computing }; // the formulas alone, for tests
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
