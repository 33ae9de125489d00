/* What pages do beyond reading: keys, following a log, relative times. Every page works without it. */
(() => {
  "use strict";
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (keys && keys.open) return;
    if (event.key === "?" && keys) keys.showModal();
    const field = { "/": ".find input", f: ".filters input" }[event.key];
    const input = field && document.querySelector(field);
    if (input) { event.preventDefault(); input.focus(); }
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    const page = { g: "/", r: "/runs", d: "/deployments", a: "/approvals" }[event.key];
    if (page && keys) location.assign(page);
  });

  /* The list of keys, also for whoever has no keyboard at hand to ask for it. */
  const keys = document.getElementById("keys");
  const button = document.querySelector("[data-keys]");
  if (button && keys) { button.hidden = false; button.addEventListener("click", () => keys.showModal()); }

  /* A filter that is chosen is used at once; what is empty does not stand in the address. */
  const filters = document.querySelector(".filters");
  if (filters) {
    filters.addEventListener("change", (event) => { if (event.target.matches("select")) filters.requestSubmit(); });
    filters.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
    });
  }

  /* j and k walk through the steps of a run or the rows of a table. */
  function step(by) {
    const links = [...document.querySelectorAll("[data-walk] a:not([data-aside])")];
    if (!links.length) return;
    const focused = links.indexOf(document.activeElement);
    const at = focused >= 0 ? focused : links.findIndex((link) => link.hasAttribute("aria-current"));
    links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  }

  /* What somebody unfolded stays so while the page reads itself again. */
  let unfolded = new Map();
  document.addEventListener("htmx:beforeSwap", () => {
    unfolded = new Map([...document.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const each of document.querySelectorAll("details[id]")) {
      if (unfolded.has(each.id)) each.open = unfolded.get(each.id);
    }
  });

  /* On a narrow window the steps scroll by themselves: the chosen one is in sight. */
  const chosen = document.querySelector(".all-steps [aria-current]");
  if (chosen) {
    const steps = chosen.closest(".all-steps");
    steps.scrollTop = chosen.offsetTop - steps.clientHeight / 2;
  }

  /* A log that stands at its end stays there while lines come in. */
  const log = () => document.querySelector(".log");
  let following = true;
  document.addEventListener("scroll", (event) => {
    const pre = event.target;
    if (pre === log()) following = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40;
  }, true);
  const follow = () => { const pre = log(); if (pre && following) pre.scrollTop = pre.scrollHeight; };
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("htmx:sseMessage", follow);

  /* Times are written by the server; a page that stays open keeps them true. */
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  function ago(seconds) {
    if (seconds < 2) return "just now";
    const [unit, size] = units.find(([, length]) => seconds >= length);
    const count = Math.floor(seconds / size);
    return unit === "day" ? (count === 1 ? "yesterday" : `${count} days ago`) : `${count} ${unit} ago`;
  }
  function duration(seconds) {
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    const [large, small, rest] = seconds < 3600 ? [60, "min", "s"] : [3600, "h", "min"];
    const left = Math.floor(seconds % large / (large / 60));
    return `${Math.floor(seconds / large)} ${small}` + (left ? ` ${left} ${rest}` : "");
  }
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      time.textContent = duration(Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000));
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const words = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (time.textContent !== words) time.textContent = words;
    }
  }, 1000);
  follow();
})();
