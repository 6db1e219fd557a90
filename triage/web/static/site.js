// The pages of a static site: takes each form, has the worker make the next page, and shows that. Answers stay in memory:
// the history of the browser holds the number of a page only.
"use strict";
(function () {
  if (!window.WebAssembly || !window.Worker || !window.Promise || !("noModule" in HTMLScriptElement.prototype)) return;
  if (!("submitter" in SubmitEvent.prototype)) return;

  const PATIENCE = 20000; // ms; after that the danger list is shown, and it still waits
  const script = document.currentScript;
  const run = String(Date.now()); // pages of an earlier visit are gone
  const ready = fetch("pages.json").then((answer) => answer.json()).catch(() => ({})); // made with the site
  const waiting = [];
  let entries = [];
  let at = 0;
  let without;

  const worker = new Worker("worker.js", { type: "module" }); // an error here, as with file://, leaves the danger list
  let broken = false;
  worker.onmessage = ({ data }) => {
    const { resolve, reject } = waiting.shift() || {};
    if (resolve) (data === null ? reject : resolve)(data);
  };
  worker.onerror = () => {
    broken = true;
    waiting.splice(0).forEach(({ reject }) => reject());
  };

  async function pageAfter(address, query) {
    const made = await ready;
    return query in made ? made[query] : ask(address, query);
  }

  function ask(address, query) {
    return new Promise((resolve, reject) => {
      if (broken) return reject();
      waiting.push({ resolve, reject });
      worker.postMessage([address, query]);
    });
  }

  async function submitted(event) {
    event.preventDefault();
    const form = event.target;
    if (document.getElementById("wait")) return; // one page at a time
    const fields = new URLSearchParams(new FormData(form));
    if (event.submitter) fields.append(event.submitter.name, event.submitter.value);
    const address = form.getAttribute("action");
    const wait = document.createElement("p");
    wait.id = "wait";
    wait.setAttribute("role", "status");
    form.append(wait);
    const soon = setTimeout(() => (wait.textContent = script.dataset.wait), 300);
    const late = setTimeout(giveUp, PATIENCE);
    try {
      const html = await pageAfter(address, String(fields));
      wait.remove();
      show(html, address.endsWith("clear"));
    } catch {
      wait.remove();
      giveUp();
    }
    clearTimeout(soon);
    clearTimeout(late);
  }

  function show(html, forgets) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const entry = { body: page.body, title: page.title, style: page.querySelector("style").textContent };
    if (forgets) entries = [];
    else at += 1;
    entries = [...entries.slice(0, at), entry];
    at = entries.length - 1;
    history[forgets ? "replaceState" : "pushState"]({ run, at }, "");
    put(entry);
    scrollTo(0, 0);
    const first = document.querySelector("[role=alert], h1"); // what is new is read out before the question
    first.setAttribute("tabindex", "-1");
    first.focus({ preventScroll: true });
  }

  function put({ body, title, style }) {
    document.title = title;
    const sheet = document.querySelector("style");
    if (sheet.textContent !== style) {
      const other = document.createElement("style");
      other.textContent = style;
      sheet.replaceWith(other);
    }
    document.documentElement.className = "live";
    document.body.replaceWith(body);
  }

  function giveUp() {
    document.documentElement.className = "";
    if (!document.getElementById("without")) document.body.prepend(without.cloneNode(true));
    document.getElementById("without").scrollIntoView();
  }

  addEventListener("popstate", ({ state }) => {
    const entry = state && state.run === run && entries[state.at];
    if (!entry) return location.replace("./");
    at = state.at;
    put(entry);
  });
  document.addEventListener("submit", submitted);
  document.addEventListener("DOMContentLoaded", () => {
    without = document.getElementById("without");
    entries = [{ body: document.body, title: document.title, style: document.querySelector("style").textContent }];
    history.replaceState({ run, at }, "");
    // Before anybody asks, the rules are compiled; only then are the files kept, which would hold up Python.
    ask("./", "").then(() => navigator.serviceWorker.register("offline.js")).catch(() => {});
  });
  document.documentElement.className = "live";
})();
