/* Trends as pictures. A page says the same in numbers, for whoever has no scripts. */
(() => {
  "use strict";
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function draw(place) {
    const chart = JSON.parse(place.dataset.chart);
    const tip = document.createElement("div");
    tip.className = "tip small";
    const bars = chart.kind === "bars";
    const point = (picture) => picture.cursor.idx ?? -1;
    const picture = new uPlot({
      width: place.clientWidth,
      height: 76,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: !bars } },
      scales: { y: { range: (_, low, high) => [0, Math.max(high, low, 0) || 1] } },
      axes: [{ show: false }, { show: false }],
      padding: [6, 4, 2, 4],
      series: [{}, {
        stroke: () => colour("--accent"),
        fill: bars ? () => colour("--accent") : undefined,
        width: bars ? 0 : 1.6,
        paths: bars ? uPlot.paths.bars({ size: [0.75, 22], radius: 0.15 }) : undefined,
        points: { show: !bars, size: 4, fill: () => colour("--accent") },
        spanGaps: true,
      }],
      hooks: {
        setCursor: [(self) => {
          const at = point(self);
          tip.textContent = chart.words[at] || "";
          place.style.cursor = chart.words[at] ? "pointer" : "";
        }],
      },
    }, [chart.at, chart.values], place);
    place.append(tip);
    picture.over.addEventListener("click", () => { if (chart.links[point(picture)]) location.assign(chart.links[point(picture)]); });
    new ResizeObserver(() => picture.setSize({ width: place.clientWidth, height: 76 })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => picture.redraw());
  }
  document.querySelectorAll("[data-chart]").forEach(draw);
})();
