// Lists of clusters. Each div.cluster-browser holds unfolding cards; the controls that sort and
// filter them are made here, so that none is seen where scripts do not run.
(() => {
  "use strict";
  const ORDERS = {
    "Largest first": (a, b) => b.size - a.size,
    "Most alike first": (a, b) => b.cosine - a.cosine,
    "Least alike first": (a, b) => a.cosine - b.cosine,
  };
  const STEP = 0.05;

  const add = (parent, name, properties = {}) =>
    parent.appendChild(Object.assign(document.createElement(name), properties));
  // Spaces of a marked token are written as dots; a reader types spaces.
  const plain = (text) => text.replaceAll("·", " ").toLowerCase();

  const start = (box, number) => {
    const clusters = [...box.querySelectorAll(":scope > details")].map((card) => ({
      card,
      size: Number(card.dataset.size),
      // A cluster of one has no pair: last when the most alike come first.
      cosine: "cosine" in card.dataset ? Number(card.dataset.cosine) : -1,
      shared: "shared" in card.dataset,
      folds: [card, ...card.querySelectorAll("details")],
      samples: [...card.querySelectorAll("li")].map((line) => ({ line, text: plain(line.textContent) })),
    }));
    const total = clusters.reduce((sum, cluster) => sum + cluster.samples.length, 0);
    const lowest = Math.floor(Math.min(...clusters.map((cluster) => cluster.cosine)) / STEP) * STEP;

    const controls = document.createElement("div");
    controls.className = "cluster-controls";
    const control = (name, label, properties, row = "cluster-control") => {
      const id = `cluster-browser-${number}-${controls.childElementCount}`;
      const line = add(controls, "div", { className: row });
      add(line, "label", { htmlFor: id, textContent: label });
      return add(line, name, { id, ...properties });
    };
    const search = control("input", "Token or text around it", { type: "search", autocomplete: "off", spellcheck: false });
    const order = control("select", "Order", {});
    for (const name of Object.keys(ORDERS)) add(order, "option", { textContent: name });
    const least = control("input", "Mean cosine at least", { type: "range", min: lowest, max: 1, step: STEP, value: lowest });
    const shown = add(least.parentElement, "span", { className: "cluster-value" });
    shown.setAttribute("aria-hidden", "true"); // the slider itself announces its value
    const shared = control("input", "Only clusters that share their commonest token with another", { type: "checkbox" }, "cluster-check");
    const buttons = add(controls, "div", { className: "cluster-buttons" });
    const all = (open) => clusters.forEach(({ card }) => { if (!card.hidden) card.open = open; });
    add(buttons, "button", { type: "button", textContent: "Open all" }).addEventListener("click", () => all(true));
    add(buttons, "button", { type: "button", textContent: "Close all" }).addEventListener("click", () => all(false));
    add(buttons, "button", { type: "button", textContent: "Reset" }).addEventListener("click", () => {
      search.value = "";
      order.selectedIndex = 0;
      least.value = lowest;
      shared.checked = false;
      sort();
      filter();
    });
    const status = add(controls, "p", { className: "cluster-status" });
    status.setAttribute("role", "status");
    box.prepend(controls);

    let before = null; // what was open when the search began
    const filter = () => {
      const wanted = plain(search.value);
      if (wanted && before === null) before = clusters.map(({ folds }) => folds.map((fold) => fold.open));
      let nClusters = 0, nSamples = 0;
      for (const { card, cosine, shared: isShared, folds, samples } of clusters) {
        let matches = 0;
        for (const { line, text } of samples) {
          line.hidden = !text.includes(wanted);
          matches += !line.hidden;
        }
        // The lowest place of the slider lets all pass, also clusters of one.
        const alike = Number(least.value) <= lowest + STEP / 2 || cosine >= Number(least.value) - 1e-9;
        card.hidden = !(matches && alike && (isShared || !shared.checked));
        for (const fold of folds.slice(1)) fold.hidden = fold.querySelector("li:not([hidden])") === null;
        if (wanted) for (const fold of folds) fold.open = true;
        if (!card.hidden) { nClusters++; nSamples += matches; }
      }
      if (!wanted && before !== null) {
        clusters.forEach(({ folds }, i) => folds.forEach((fold, j) => { fold.open = before[i][j]; }));
        before = null;
      }
      shown.textContent = Number(least.value).toFixed(2).replace("-", "−");
      status.textContent = `${nClusters} of ${clusters.length} clusters, ${nSamples} of ${total} samples`;
    };
    const sort = () => {
      const places = clusters.map((cluster, i) => [cluster, i]);
      places.sort(([a, i], [b, j]) => ORDERS[order.value](a, b) || i - j);
      for (const [{ card }] of places) box.append(card);
    };
    search.addEventListener("input", filter);
    least.addEventListener("input", filter);
    shared.addEventListener("change", filter);
    order.addEventListener("change", sort);
    filter();
  };

  const all = () => document.querySelectorAll("div.cluster-browser").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
