// A game of bad skills. Each div.skill-game holds, as JSON, texts and the skills that they need;
// the reader names skills, and the texts that harm them most are found here, in whole numbers.
(() => {
  "use strict";
  const COLUMNS = 20, CELL = 12, SIDE = 10; // of the picture of all texts, in its own units
  const QUIET_MS = 400; // the summary is announced once the reader pauses

  const html = (parent, name, properties = {}) =>
    parent.appendChild(Object.assign(document.createElement(name), properties));
  const svg = (parent, name, attributes = {}) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return parent.appendChild(element);
  };
  const group = (parent, className, label) => {
    const element = html(parent, "div", { className });
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", label);
    return element;
  };
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));

  // One text: its square, filled as far as its places are named, and the mark of a wrong one.
  const square = (parent, x, y) => {
    const place = svg(parent, "g", { transform: `translate(${x + 1} ${y + 1})` });
    svg(place, "rect", { class: "skill-game-ground", width: SIDE, height: SIDE });
    const fill = svg(place, "rect", { class: "skill-game-fill", width: SIDE });
    svg(place, "path", { class: "skill-game-mark", d: `M0 0H${SIDE}V${SIDE}H0ZL${SIDE} ${SIDE}` });
    return (share, wrong) => {
      fill.setAttribute("y", SIDE * (1 - share));
      fill.setAttribute("height", SIDE * share);
      place.classList.toggle("skill-game-wrong", wrong);
    };
  };

  const start = (box) => {
    const data = JSON.parse(box.querySelector("script").textContent);
    const { skills: nSkills, graph, levels } = data;
    const nTexts = graph.length, k = graph[0].length;
    let level = levels[data.start];
    const named = new Set();
    box.querySelector(".skill-game-fallback").remove();

    // The worst texts are those with most places that need a named skill; of equals, the first.
    const answer = () => {
      const hits = graph.map((text) => text.reduce((sum, skill) => sum + named.has(skill), 0));
      const order = hits.map((_, text) => text).sort((a, b) => hits[b] - hits[a] || a - b);
      const wrong = new Set(named.size ? order.slice(0, level.wrong) : []);
      const failures = new Array(nSkills).fill(0);
      for (const text of wrong) for (const skill of graph[text]) failures[skill]++;
      return { hits, wrong, failures };
    };
    const beta = (failures) => (failures * nSkills) / (level.wrong * k);

    const controls = html(box, "div", { className: "skill-game-controls" });
    const choice = group(controls, "skill-game-levels", "Fraction θ of wrong texts");
    html(choice, "span", { textContent: "Wrong texts θ:" });
    const thetas = levels.map((own) => {
      const button = html(choice, "button", { type: "button", textContent: `${Number((100 * own.wrong / nTexts).toPrecision(3))} %` });
      button.addEventListener("click", () => { level = own; draw(); });
      return button;
    });
    const acts = html(controls, "div", { className: "skill-game-acts" });
    const adversary = html(acts, "button", { type: "button", textContent: "Let the adversary choose" });
    const clear = html(acts, "button", { type: "button", textContent: "Clear" });

    html(box, "p", { className: "skill-game-head", textContent: "Skills: name the bad ones. Below each stands its β." });
    const row = group(box, "skill-game-skills", "Skills");
    const buttons = Array.from({ length: nSkills }, (_, skill) => {
      const button = html(row, "button", { type: "button" });
      html(button, "span", { className: "skill-game-unseen", textContent: "Skill " });
      html(button, "span", { className: "skill-game-name", textContent: String(skill + 1) });
      html(button, "span", { className: "skill-game-unseen", textContent: ", β " });
      const value = html(button, "span", { className: "skill-game-beta" });
      const bar = html(html(button, "span", { className: "skill-game-bar" }), "span");
      button.addEventListener("click", () => {
        if (!named.delete(skill)) named.add(skill);
        draw();
      });
      return { button, value, bar };
    });
    adversary.addEventListener("click", () => {
      const size = Math.min(named.size || 5, nSkills - 1);
      named.clear();
      level.sets[size - 1].forEach((skill) => named.add(skill));
      draw();
    });
    clear.addEventListener("click", () => { named.clear(); draw(); });

    const status = html(box, "p", { className: "skill-game-status" });
    status.setAttribute("role", "status");

    const results = html(box, "div", { className: "skill-game-results" });
    const left = html(results, "div");
    html(left, "p", { className: "skill-game-head", textContent: `The ${nTexts} texts, each of ${k} skills` });
    const rows = Math.ceil(nTexts / COLUMNS);
    const picture = svg(left, "svg", { class: "skill-game-texts", role: "img", viewBox: `0 0 ${COLUMNS * CELL} ${rows * CELL}` });
    const squares = graph.map((_, text) => square(picture, (text % COLUMNS) * CELL, Math.floor(text / COLUMNS) * CELL));
    const legend = html(left, "ul", { className: "skill-game-legend" });
    const explain = (words, share, wrong) => {
      const item = html(legend, "li");
      square(svg(item, "svg", { width: 18, height: 18, viewBox: `0 0 ${CELL} ${CELL}`, "aria-hidden": "true" }), 0, 0)(share, wrong);
      item.append(words);
    };
    explain("half of its skills are named", 0.5, false);
    explain("the same, and the text is wrong", 0.5, true);

    const right = html(results, "div");
    html(right, "p", { className: "skill-game-head", textContent: "Failure factor β of that many skills" });
    const table = html(right, "dl", { className: "skill-game-table" });
    const lines = ["mean", "least", "best", "bestLeast", "limit", "bound"].map((key) => {
      const line = html(table, "div", { className: `skill-game-line skill-game-${key}` });
      const name = html(line, "dt"), value = html(line, "dd");
      const bar = html(html(line, "dd", { className: "skill-game-bar" }), "span");
      bar.parentElement.setAttribute("aria-hidden", "true");
      return { key, name, value, bar };
    });

    const measured = ({ failures }) => {
      const own = [...named].map((skill) => failures[skill]), n = own.length;
      const total = own.reduce((sum, count) => sum + count, 0);
      const found = { n, total, mean: beta(total) / n, least: beta(Math.min(...own)), markov: nSkills / n };
      if (n === 0 || n === nSkills) return found;
      const at = n - 1, most = level.failures[at];
      return {
        ...found, most, best: beta(most) / n, bestLeast: beta(level.least[at]), limit: level.limit[at],
        bound: level.bound[at] ?? found.markov, isMarkov: level.bound[at] === null,
      };
    };
    const summary = ({ n, total, most, mean, least }) => {
      if (n === 0) return "No skill is named yet. Name some, and the worst texts answer.";
      if (n === nSkills) return `You named all ${n} skills: β = 1 on average, whichever texts are wrong.`;
      const share = Math.floor((100 * total) / most);
      const score = total > most ? "more than the best known adversary reaches on average"
        : total === most ? "as much on average as the best known adversary reaches"
        : `on average ${share} % of what the best known adversary reaches`;
      return `You named ${n} of ${nSkills} skills (a = ${(n / nSkills).toFixed(2)}). The worst ${level.wrong} of ${nTexts} texts `
        + `give them β = ${mean.toFixed(2)} on average and ${least.toFixed(2)} at least: ${score}.`;
    };
    const words = (found) => ({
      mean: "yours, on average", least: "yours, at least",
      best: "best known adversary, on average", bestLeast: "the same, at least (with other texts)",
      limit: `limit for endlessly many texts; these ${nTexts} may exceed it`,
      bound: found.isMarkov ? "theorem: nothing beyond Markov’s line 1/a" : "theorem’s bound at this size",
    });

    let timer = null;
    const say = (text, about) => {
      const speak = () => {
        status.textContent = text;
        picture.setAttribute("aria-label", about);
      };
      clearTimeout(timer);
      if (status.textContent) timer = setTimeout(speak, QUIET_MS);
      else speak(); // at the beginning
    };
    const draw = () => {
      const played = answer(), found = measured(played);
      thetas.forEach((button, i) => press(button, levels[i] === level));
      const highest = Math.max(3, ...played.failures.map(beta));
      buttons.forEach(({ button, value, bar }, skill) => {
        const own = beta(played.failures[skill]);
        press(button, named.has(skill));
        value.textContent = named.size ? own.toFixed(1) : "–";
        bar.style.width = `${(100 * own) / highest}%`;
      });
      squares.forEach((show, text) => show(played.hits[text] / k, played.wrong.has(text)));
      const names = words(found);
      const top = Math.max(...lines.map(({ key }) => (Number.isFinite(found[key]) ? found[key] : 0)), 1);
      lines.forEach(({ key, name, value, bar }) => {
        const known = found.n > 0 && Number.isFinite(found[key]);
        name.textContent = names[key];
        value.textContent = known ? found[key].toFixed(2) : "–";
        bar.style.width = known ? `${(100 * found[key]) / top}%` : "0";
      });
      const places = [...played.wrong].reduce((sum, text) => sum + played.hits[text], 0);
      say(summary(found), found.n === 0 ? `${nTexts} texts, none of them wrong yet`
        : `${nTexts} texts, ${level.wrong} of them wrong: ${places} of the ${level.wrong * k} skills that these need are named`);
    };
    draw();
  };

  const all = () => document.querySelectorAll("div.skill-game").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
