"use strict";
// Which view is shown, with which time, group and zone; asking the service; the key form.
const find = (selector) => document.querySelector(selector);
const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const state = { view: "overview", range: "day", group: "model", tz: here, id: null, filter: {}, assumed: { max_loss: 0.01 } };
let turn = 0;

const say = (words) => { const place = find("#message"); place.textContent = words; place.hidden = !words; };

async function ask(path, options = {}) {
  const key = sessionStorage.getItem("hera-key");
  const headers = key ? { authorization: "Bearer " + key } : {};
  if (options.body) headers["content-type"] = "application/json";
  const answer = await fetch(path, { ...options, headers });
  const body = await answer.json();
  if (answer.ok) return body;
  const error = new Error(plain(body.error ? body.error.message : answer.statusText, 400));
  error.status = answer.status;
  throw error;
}

function read() {
  const [path, query] = location.hash.slice(1).split("?");
  const [view, id] = path.split("/");
  state.view = views[view] ? view : "overview";
  state.id = id ? decodeURIComponent(id) : null;
  if (query !== undefined) {
    const values = Object.fromEntries(new URLSearchParams(query));
    for (const name of ["range", "group", "tz"]) if (values[name]) state[name] = values[name];
    if (state.view === "decisions") state.filter = Object.fromEntries(["q", "model", "policy", "run", "stage", "after"].map((name) => [name, values[name]]).filter(([, value]) => value));
  } else if (state.view === "decisions" && !state.id) state.filter = {};
  if (!intervals[state.range]) state.range = "day";
}

function go(view, changes = {}) {
  Object.assign(state, changes);
  const values = view === "decisions" ? state.filter : { range: state.range, group: state.group, tz: state.tz };
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
  const next = `#${view}${query ? "?" + query : ""}`;
  if (location.hash === next) load(); else location.hash = next;
}

async function load() {
  const mine = ++turn;
  const view = views[state.view];
  find("#tabs").replaceChildren(...Object.entries(views).map(([name, one]) => make("a", { href: "#" + name, "aria-current": name === state.view ? "page" : null }, one.title)));
  // On a phone the tabs are wider than the window; the chosen one is brought into it.
  find("#tabs").scrollLeft = find("#tabs [aria-current]").offsetLeft - find("#tabs").offsetLeft - 40;
  for (const name of ["range", "group", "tz"]) find(`[name=${name}]`).value = state[name];
  find("[name=range]").parentElement.hidden = !view.usesRange;
  find("[name=group]").parentElement.hidden = !view.usesGroup;
  document.title = `${view.title}: hera`;
  say("");
  try {
    const parts = await view.show();
    if (mine !== turn) return;
    find("#enter").hidden = true;
    find("#view").replaceChildren(...parts.filter(Boolean));
    find("#asof").textContent = "as of " + moment(new Date().toISOString());
  } catch (error) {
    if (mine !== turn) return;
    find("#view").replaceChildren();
    find("#enter").hidden = error.status !== 401;
    say(error.status === 401 ? (sessionStorage.getItem("hera-key") ? "The key is not accepted." : "") : String(error.message || error));
  }
}

function save(report) {
  const names = [state.group, "calls", "failures", "cost_usd", "baseline_cost_usd", "savings_usd", "energy_j", "latency_s_p50", "latency_s_p95"];
  // A spreadsheet would compute a cell that begins like a formula.
  const cell = (value) => { let text = String(value ?? ""); if (typeof value === "string" && /^[\s\ufeff]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text)) text = "'" + text; return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text; };
  const lines = [names.join(","), ...report.rows.map((row) => names.map((name) => cell(row[name])).join(","))];
  const link = make("a", { href: URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" })), download: `hera-${state.group}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const zones = [...new Set([here, "UTC", ...(Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [])])];
find("[name=tz]").replaceChildren(...zones.map((zone) => make("option", { value: zone }, zone)));
find("#controls").addEventListener("change", (event) => { if (event.target.name) go(state.view, { [event.target.name]: event.target.value }); });
find("#controls").addEventListener("submit", (event) => event.preventDefault());
find("#again").addEventListener("click", load);
find("#enter form").addEventListener("submit", (event) => { event.preventDefault(); sessionStorage.setItem("hera-key", event.target.elements.key.value.trim()); event.target.reset(); load(); });
window.addEventListener("hashchange", () => { read(); load(); });
setInterval(() => { if (!document.hidden && ["overview", "runs", "batches"].includes(state.view) && !document.activeElement?.closest("#view")) load(); }, 30000);
read();
load();
