/* What pages do beyond reading: keys, following a log, relative times. Every page works without it. */
(() => {
  "use strict";
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const find = document.querySelector(".find input");
      if (find) { event.preventDefault(); find.focus(); }
    }
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    if (event.key === "g") location.assign("/");
  });

  /* j and k walk through the steps of a run or the rows of a table. */
  function step(by) {
    const links = [...document.querySelectorAll("[data-walk] a")];
    if (!links.length) return;
    const focused = links.indexOf(document.activeElement);
    const at = focused >= 0 ? focused : links.findIndex((link) => link.hasAttribute("aria-current"));
    links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
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
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const words = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (time.textContent !== words) time.textContent = words;
    }
  }, 1000);
  follow();
})();
