// Draws the charts in the page's colours, sorts tables, and brings a trial out in every chart of its sweep.
"use strict";
(() => {
  const { layout: COMMON, figures } = JSON.parse(document.getElementById("charts").textContent);
  const DARK = window.matchMedia("(prefers-color-scheme: dark)");
  const TOUCH = window.matchMedia("(pointer: coarse)");
  const CONFIG = { displayModeBar: false, responsive: true, showTips: false };

  const PAPER_WIDTH = 640; // of an A4 page, in CSS pixels, between its margins
  let onPaper = false;

  // A text that is the name of a CSS variable becomes its value, however deep it lies.
  const painted = (content, style) => {
    if (typeof content === "string") return content.startsWith("--") ? style.getPropertyValue(content).trim() : content;
    if (Array.isArray(content)) return content.map((item) => painted(item, style));
    if (content === null || typeof content !== "object") return content;
    return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, painted(value, style)]));
  };
  const HIGHLIGHT = {
    lines: { mode: "lines+markers", line: { color: "--ink", width: 3 }, marker: { color: "--ink", size: 5 } },
    markers: { mode: "markers", marker: { color: "--ink", size: 15, symbol: "circle-open", line: { width: 3 } } },
  };
  const highlightTrace = (figure) =>
    figure.highlight ? [{ x: [null], y: [null], hoverinfo: "skip", showlegend: false, ...HIGHLIGHT[figure.highlight] }] : [];

  const draw = (id) => {
    const figure = figures[id], plot = document.getElementById(id), style = getComputedStyle(document.documentElement);
    const layout = { ...figure.layout, template: { layout: COMMON } };
    if (onPaper) layout.width = PAPER_WIDTH;
    else layout.autosize = true; // else it stays as wide as on paper
    if (TOUCH.matches) layout.dragmode = false;
    return Plotly.react(plot, painted([...figure.data, ...highlightTrace(figure)], style), painted(layout, style), CONFIG);
  };

  // The trial that the reader points at, else the one that was pinned, in every chart of its sweep.
  const pinned = {};
  const pointsOf = (figure, trial) => {
    const trace = figure.data.find(({ customdata }) => customdata?.includes(trial));
    const of = (values) => values.filter((_, index) => trace.customdata[index] === trial);
    return trace ? { x: [of(trace.x)], y: [of(trace.y)] } : { x: [[null]], y: [[null]] };
  };
  const bringOut = (sweep, pointedAt) => {
    const trial = pointedAt ?? pinned[sweep];
    for (const plot of document.querySelectorAll(`.plot[data-sweep="${sweep}"]`)) {
      const figure = figures[plot.id];
      if (!figure.highlight || !plot.data) continue;
      Plotly.restyle(plot, pointsOf(figure, trial), [figure.data.length]);
    }
    for (const row of document.querySelectorAll(`table[data-sweep="${sweep}"] tbody tr`))
      row.classList.toggle("pinned", trial !== undefined && Number(row.dataset.trial) === trial);
  };
  const pin = (sweep, trial) => {
    pinned[sweep] = pinned[sweep] === trial ? undefined : trial;
    for (const button of document.querySelectorAll(`table[data-sweep="${sweep}"] .pin`)) {
      const number = Number(button.closest("tr").dataset.trial);
      button.setAttribute("aria-pressed", String(number === pinned[sweep]));
    }
    bringOut(sweep);
  };
  const listen = (plot) => {
    const { sweep } = plot.dataset, trialOf = (event) => event.points[0].customdata;
    plot.on("plotly_hover", (event) => trialOf(event) !== undefined && bringOut(sweep, trialOf(event)));
    plot.on("plotly_unhover", () => bringOut(sweep));
  };

  // Tables: best first as written; a column's button sorts by it, numbers as numbers, what is missing last.
  const sortBy = (table, index, direction) => {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row, written) => ({ row, written, key: row.cells[index].dataset.key }));
    const areNumbers = keyed.every(({ key }) => key === undefined || (key !== "" && !Number.isNaN(Number(key))));
    const compare = (one, other) => {
      if (one.key === undefined || other.key === undefined) return (one.key === undefined) - (other.key === undefined);
      const order = areNumbers ? one.key - other.key : one.key.localeCompare(other.key, undefined, { numeric: true });
      return direction * order || one.written - other.written;
    };
    keyed.sort(compare).forEach(({ row }) => body.append(row));
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      if (column === index) cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const { sweep } = table.dataset;
    [...table.tHead.rows[0].cells].forEach((cell, index) =>
      cell.querySelector("button").addEventListener("click", () =>
        sortBy(table, index, cell.getAttribute("aria-sort") === "ascending" ? -1 : 1)));
    for (const row of table.tBodies[0].rows) {
      const trial = Number(row.dataset.trial);
      row.querySelector(".pin").addEventListener("click", () => pin(sweep, trial));
      row.addEventListener("mouseenter", () => bringOut(sweep, trial));
      row.addEventListener("mouseleave", () => bringOut(sweep));
    }
  }

  for (const button of document.querySelectorAll(".copy"))
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code); // the browser forbids it: the reader copies what is selected
      }
    });

  const drawAll = async () => {
    await Promise.all(Object.keys(figures).map(draw));
    Object.keys(pinned).forEach((sweep) => bringOut(sweep));
  };
  DARK.addEventListener("change", drawAll);
  // On paper everything is light, whatever the screen is.
  const print = (now) => {
    onPaper = now;
    document.documentElement.classList.toggle("light", now);
    drawAll();
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  drawAll().then(() => {
    for (const id of Object.keys(figures)) listen(document.getElementById(id));
    document.documentElement.dataset.drawn = "true";
  });
})();
