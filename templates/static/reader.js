/* Conveniences for readers. Pages are whole without this file: every control below is made by it, every word comes from
   the page (data- attributes of the script element, so that they can be translated), and nothing is ever fetched. */

"use strict";

(() => {
  const words = document.currentScript.dataset;
  const root = document.documentElement;

  /* ---- Remembering on this device; where storage is blocked, nothing is remembered and nothing breaks. ---- */

  const recall = (name) => {
    try { return localStorage.getItem("archiver." + name); } catch { return null; }
  };
  const remember = (name, value) => {
    try { localStorage.setItem("archiver." + name, value); } catch { /* For this page only, then. */ }
  };

  /* make("p", { className: "x" }, "text", child, …) */
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const button = (text, onclick) => make("button", { type: "button", onclick }, text);

  /* ---- Colours: the system's, or always light or dark. base.css does the rest by [data-scheme]. ---- */

  const SCHEMES = ["system", "light", "dark"];
  const applyScheme = (name) => {
    const scheme = SCHEMES.includes(name) ? name : "system";
    if (scheme === "system") delete root.dataset.scheme;
    else root.dataset.scheme = scheme;
    return scheme;
  };

  const schemeChoice = make("select", {}, ...SCHEMES.map((name) => make("option", { value: name }, words[name])));
  schemeChoice.value = applyScheme(recall("scheme"));
  schemeChoice.onchange = () => remember("scheme", applyScheme(schemeChoice.value));
  /* A page that the back button brings out of the browser's memory may have been left before the choice was made. */
  addEventListener("pageshow", (event) => {
    if (event.persisted && recall("scheme")) schemeChoice.value = applyScheme(recall("scheme"));
  });
  document.querySelector(".site-header")?.append(
    make("p", { className: "colours" }, make("label", {}, words.colours + " ", schemeChoice)),
  );

  /* ---- "3 years ago" where the exact time is known and nothing else is said about it. ---- */

  const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  let relative;
  try { relative = new Intl.RelativeTimeFormat(root.lang); } catch { relative = new Intl.RelativeTimeFormat(); }
  for (const time of document.querySelectorAll('time[datetime*="T"]:not([title])')) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    if (Number.isNaN(seconds)) continue;
    const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || UNITS[UNITS.length - 1];
    time.title = relative.format(Math.trunc(seconds / length), unit);
  }

  /* ---- The order of comments that was chosen last: offered, never forced. ---- */

  const orders = document.querySelector(".comments .orders");
  if (orders) {
    const links = [...orders.querySelectorAll("a")];
    const nameOf = (link) => link.textContent.trim();
    const choosing = (link) => link.addEventListener("click", () => remember("order", nameOf(link)));
    links.forEach(choosing);
    const addressOf = (link) => link.getAttribute("href");
    /* The default order has the shortest address, without its name; any other one was asked for. */
    const current = links.find((link) => link.hasAttribute("aria-current"));
    const isDefault = current && links.every((link) => addressOf(link).length >= addressOf(current).length);
    const last = links.find((link) => nameOf(link) === recall("order"));
    if (isDefault && last && addressOf(last) !== addressOf(current)) {
      const change = make("a", { href: addressOf(last) }, words.switch);
      orders.after(make("p", { className: "last-order" }, words.lastOrder.replace("{order}", nameOf(last)), " – ", change));
    }
  }

  /* ---- Threads: folding, and moving by keys. ---- */

  const thread = document.querySelector("ol.thread");
  if (!thread) return;

  const tools = make("div", { className: "reader" });
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", words.tools);

  const replies = thread.querySelectorAll("details.replies");
  const foldAll = (open) => replies.forEach((details) => { details.open = open; });
  if (replies.length) tools.append(button(words.fold, () => foldAll(false)), button(words.unfold, () => foldAll(true)));

  /* Where the reader is: the comment that has the focus, else the one at the top of the window. */
  const commentOf = (element) => {
    const comment = element?.closest("article.comment");
    return comment && thread.contains(comment) ? comment : null;
  };
  const here = () => commentOf(document.activeElement) || commentOf(document.elementFromPoint(innerWidth / 2, 24));

  const isShown = (comment) => !comment.parentElement.closest("details:not([open])");
  const shown = () => [...thread.querySelectorAll("article.comment")].filter(isShown);

  /* The one `distance` further among those shown; from outside of the thread, forward leads to the first. */
  const step = (distance) => {
    const from = here();
    const all = shown();
    if (!from) return distance > 0 ? all[0] : null;
    return all[all.indexOf(from) + distance];
  };

  /* Deep replies lie flat, so the link "reply to …" is asked first; it may also lead to another page. */
  const parent = () => {
    const from = here();
    const address = from?.querySelector(":scope > .meta a.parent")?.getAttribute("href");
    if (address?.startsWith("#")) return commentOf(document.getElementById(decodeURIComponent(address.slice(1))));
    return address ? null : commentOf(from?.parentElement);
  };

  const nextThread = () => {
    const from = here();
    if (!from) return step(1);
    let top = from.closest("li");
    while (top.parentElement !== thread) top = top.parentElement.closest("li");
    return top.nextElementSibling?.querySelector("article.comment");
  };

  const go = (comment) => {
    const heading = comment?.querySelector("h3");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    comment.scrollIntoView({ block: "start", behavior: "instant" });
  };

  const dialog = make("dialog", { className: "keys" });
  const showKeys = () => { if (dialog.showModal) dialog.showModal(); };

  const KEYS = {
    j: [words.next, () => go(step(1))],
    k: [words.previous, () => go(step(-1))],
    p: [words.parent, () => go(parent())],
    n: [words.thread, () => go(nextThread())],
    "?": [words.help, showKeys],
  };

  dialog.setAttribute("aria-labelledby", "reader-keys");
  dialog.append(
    make("h2", { id: "reader-keys" }, words.shortcuts),
    make("ul", {}, ...Object.entries(KEYS).map(([key, [what]]) => make("li", {}, make("kbd", {}, key), " " + what))),
    button(words.close, () => dialog.close()),
  );
  if (dialog.showModal) {
    const opener = button(words.keys, showKeys);
    opener.setAttribute("aria-haspopup", "dialog");
    document.body.append(dialog);
    tools.append(opener);
  }

  /* Single keys can be in the way of speech input and of other programs: WCAG 2.1.4 asks for a way to switch them off. */
  const on = make("input", { type: "checkbox", checked: recall("keys") !== "off" });
  on.onchange = () => remember("keys", on.checked ? "on" : "off");
  tools.append(make("label", {}, on, " " + words.shortcuts));

  const isTyping = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  document.addEventListener("keydown", (event) => {
    const other = event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented;
    if (!on.checked || other || dialog.open || !(event.target instanceof Element) || isTyping(event.target)) return;
    if (!Object.hasOwnProperty.call(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key][1]();
  });

  thread.before(tools);
})();
