"use strict";
// The views: each asks documented routes for its figures and returns what to show.
const tokens = (row) => Object.values(row.tokens).reduce((sum, value) => sum + value, 0);
const intervals = { hour: "5min", day: "hour", week: "day", month: "day", quarter: "day", year: "month" };
const spanLabel = (start, interval) => new Intl.DateTimeFormat("en-GB", interval === "month" ? { month: "short", year: "2-digit", timeZone: "UTC" }
  : interval === "day" ? { day: "numeric", month: "short", timeZone: state.tz } : { hour: "2-digit", minute: "2-digit", timeZone: state.tz }).format(new Date(start));

/** All spans of the range, those without calls too. */
function allSpans(report) {
  const known = new Map(report.series.map((span) => [Date.parse(span.start), span.rows]));
  const step = { "5min": 300e3, hour: 3600e3, day: 86400e3 }[report.interval];
  if (!step || known.size === 0) return report.series.map((span) => ({ start: span.start, rows: span.rows }));
  const spans = [];
  const end = Date.parse(report.to);
  // Days of the zone may have 23 or 25 hours; a start that is known wins over a counted one within half a span.
  let start = Math.min(...known.keys());
  while (start - step >= Date.parse(report.from)) start -= step;
  for (; start < end; start += step) {
    const near = [...known.keys()].find((key) => Math.abs(key - start) < step / 2);
    spans.push({ start: new Date(near ?? start).toISOString(), rows: near === undefined ? [] : known.get(near) });
  }
  return spans;
}

const views = {};

views.overview = {
  title: "Overview", usesRange: true, usesGroup: true,
  async show() {
    const group = state.group;
    const interval = intervals[state.range];
    const report = await ask(`v1/dashboard?range=${state.range}&group_by=${group}&interval=${interval}&tz=${encodeURIComponent(state.tz)}`);
    const sums = report.totals;
    if (sums.calls === 0 && sums.failures === 0) say("No calls in this time yet. Send one to v1/chat/completions.");
    const spans = allSpans(report);
    const order = report.rows.map((row) => row[group]);
    const shown = order.slice(0, 8);
    const names = shown.map((name) => name || "(none)").concat(order.length > 8 ? ["others"] : []);
    const of = (span, value) => shown.map((name) => value(span.rows.find((row) => row[group] === name)))
      .concat(order.length > 8 ? [span.rows.filter((row) => !shown.includes(row[group])).reduce((sum, row) => sum + value(row), 0)] : []);
    const total = (span, name) => span.rows.reduce((sum, row) => sum + (row[name] ?? 0), 0);
    const labels = spans.map((span) => spanLabel(span.start, interval));
    const money = spans.map((span, index) => {
      const parts = of(span, (row) => row ? row.cost_usd : 0);
      const base = total(span, "baseline_cost_usd");
      return { label: labels[index], parts, base, words: `${labels[index]}: ${usd(parts.reduce((sum, part) => sum + part, 0))}, reference ${usd(base)}` };
    });
    const classes = ["input", "cached_read", "output", "reasoning"].filter((name) => sums.tokens[name] > 0);
    const tokenSpans = spans.map((span, index) => ({ label: labels[index], words: labels[index], parts: classes.map((name) => span.rows.reduce((sum, row) => sum + (row.tokens[name] ?? 0), 0)) }));
    const slow = (span, name) => { const values = span.rows.filter((row) => row[name] !== null); const calls = values.reduce((sum, row) => sum + row.calls, 0); return calls ? values.reduce((sum, row) => sum + row[name] * row.calls, 0) / calls : null; };
    const failures = report.failed_attempts;
    return [
      make("section", {}, cards([
        ["Spent", usd(sums.cost_usd), `API ${usd(sums.api_cost_usd)}, energy ${usd(sums.energy_cost_usd)}, hardware ${usd(sums.hardware_cost_usd)}`],
        ["Saved", usd(sums.savings_usd), `${percent(sums.savings_usd / sums.baseline_cost_usd)} of ${usd(sums.baseline_cost_usd)} on the reference models`, sums.savings_usd < 0 ? "bad" : "good"],
        ["Calls", count(sums.calls), `${count(sums.failures)} failed or rejected, ${count(sums.uncertain)} uncertain`, sums.failures > 0 ? "warn" : null],
        ["Tokens", count(tokens(sums)), `${count(sums.tokens.output + (sums.tokens.reasoning ?? 0))} written`],
        ["From caches", percent(sums.cache_hit_share), "of prompt tokens were read from a provider's cache"],
        ["Time a call", seconds(sums.latency_s_p50), `half within this, 95 % within ${seconds(sums.latency_s_p95)}; first token ${seconds(sums.first_token_s_mean)}`],
        ["Energy", energy(sums.energy_j), `${sums.co2e_g.toFixed(2)} g CO₂e; reference ${energy(sums.baseline_energy_j)}`],
        ["Predicted", usd(sums.predicted_cost_usd), `true cost is ${percent(sums.cost_usd / sums.predicted_cost_usd, 0)} of it`],
      ])),
      make("section", {}, make("h2", {}, `Spent by ${group}, and what the reference would have cost`),
        stackedBars(`Spending by ${group} over time`, money, usd), legend(names, ["all on the reference model"]),
        make("details", {}, make("summary", {}, "As a table"), table(
          [{ title: "From", text: true, cell: (row) => row.label }, { title: "Spent", cell: (row) => usd(row.parts.reduce((sum, part) => sum + part, 0)) }, { title: "Reference", cell: (row) => usd(row.base) }], money, null, "Spending over time"))),
      make("div", { class: "pair" },
        make("section", {}, make("h2", {}, "Tokens by class"), stackedBars("Tokens by class over time", tokenSpans, count, 200), legend(classes)),
        make("section", {}, make("h2", {}, "Time a call"), lineChart("Latency over time", labels, [spans.map((span) => slow(span, "latency_s_p50")), spans.map((span) => slow(span, "latency_s_p95")), spans.map((span) => slow(span, "first_token_s_mean"))], seconds),
          legend(["half of the calls within", "95 % within", "first token, mean"]))),
      make("section", {}, make("h2", {}, `By ${group}`), table([
        { title: group, text: true, cell: (row) => make("span", { class: "name" }, plain(row[group] || "(none)")) },
        { title: "Calls", cell: (row) => count(row.calls) }, { title: "Failed", cell: (row) => count(row.failures) },
        { title: "Spent", cell: (row) => usd(row.cost_usd) }, { title: "Share", cell: (row) => percent(row.cost_usd / sums.cost_usd, 0) },
        { title: "Saved", cell: (row) => usd(row.savings_usd) }, { title: "Tokens", cell: (row) => count(tokens(row)) },
        { title: "Cached", cell: (row) => percent(row.cache_hit_share, 0) }, { title: "p50", cell: (row) => seconds(row.latency_s_p50) },
        { title: "p95", cell: (row) => seconds(row.latency_s_p95) }, { title: "First token", cell: (row) => seconds(row.first_token_s_mean) },
        { title: "Energy", cell: (row) => energy(row.energy_j) },
      ], report.rows, null, `Figures by ${group}`),
        make("p", {}, make("button", { class: "link", onclick: () => save(report) }, "Save as CSV"), " · ", make("a", { href: `v1/dashboard?range=${state.range}&group_by=${group}` }, "JSON"))),
      make("div", { class: "pair" },
        make("section", {}, make("h2", {}, "Failed attempts"), failures.length ? table([
          { title: "Model", text: true, cell: (row) => plain(row.model) }, { title: "Reason", text: true, cell: (row) => plain(row.reason) }, { title: "Attempts", cell: (row) => count(row.count) }], failures, null, "Failed attempts")
          : make("p", { class: "faint" }, "None in this time."),
          make("p", { class: "faint" }, "“Failed” above counts answers that a test rejected, too.")),
        report.live ? make("section", {}, make("h2", {}, "Models now"), table([
          { title: "Model", text: true, cell: (row) => plain(row.model) }, { title: "State", text: true, cell: (row) => make("span", { class: row.state === "live" ? "good" : "warn", title: plain(row.reason ?? "", 300) }, row.state) },
          { title: "Running", cell: (row) => row.busy }, { title: "Waiting", cell: (row) => row.waiting }, { title: "Errors", cell: (row) => percent(row.error_rate, 0) }], report.live, null, "Models now")) : null),
    ];
  },
};

views.quality = {
  title: "Quality", usesRange: true,
  async show() {
    const [report, whatif] = await Promise.all([ask(`v1/quality?range=${state.range}`), ask("v1/whatif")]);
    const audits = report.days.filter((day) => day.source === "audit");
    const days = audits.length ? audits : report.days;
    const points = whatif.curve.map((point) => ({ x: point.cost_usd, y: point.quality, kind: "curve", name: `max_loss ${point.max_loss}` }))
      .concat([{ x: whatif.present.cost_usd, y: whatif.present.quality, kind: "now", name: "as decided" }, { x: whatif.reference.cost_usd, y: whatif.reference.quality, kind: "reference", name: "all on the reference" }])
      .filter((point) => point.y !== null);
    return [
      make("section", {}, make("h2", {}, "Promised and measured loss, by policy"), report.policies.length ? table([
        { title: "Policy", text: true, cell: (row) => plain(row.policy) }, { title: "Promised (max_loss)", cell: (row) => percent(row.max_loss, 2) },
        { title: "Predicted", cell: (row) => percent(row.predicted_loss, 2) }, { title: "Measured", cell: (row) => percent(row.measured_loss, 2) },
        { title: "95 % interval", cell: (row) => row.quality === null ? "–" : `${percent(1 - row.high_95, 1)} to ${percent(1 - row.low_95, 1)}` },
        { title: "Audits", cell: (row) => count(row.audits) }, { title: "Price factor", cell: (row) => row.price_factor === undefined ? "–" : row.price_factor.toFixed(2) },
        { title: "Kappa offset", cell: (row) => row.kappa_offset === undefined ? "–" : row.kappa_offset.toFixed(3) }], report.policies, null, "Policies")
        : make("p", { class: "faint" }, "Nothing is measured yet. A policy with `shadow: {share: 0.02, budget_usd: 5}` audits two steps in a hundred."),
        make("p", { class: "faint" }, `Calibration version ${report.calibration_version}; ${count(report.failed_audits)} audits failed.`)),
      make("section", {}, make("h2", {}, "Cost against predicted quality, over the latest decisions"), points.length > 2 ? scatter("Cost against quality", points) : make("p", { class: "faint" }, "There are no decisions with several candidates yet."),
        make("p", { class: "faint" }, `Line: what ${count(whatif.present.decisions)} decisions would have come to under a max_loss from 0 to 0.2. Ring: as decided. Orange: all on the reference.`)),
      make("div", { class: "pair" },
        make("section", {}, make("h2", {}, "Measured and predicted, by day"), days.length ? lineChart("Quality by day", days.map((day) => day.day.slice(5)), [days.map((day) => day.measured), days.map((day) => day.predicted), days.map((day) => day.low_95)], (value) => percent(value, 0), 200, 1) : make("p", { class: "faint" }, "No observations in this time."),
          legend(["measured", "predicted", "lower end, 95 %"])),
        make("section", {}, make("h2", {}, "Share of decisions by model"), table([
          { title: "Model", text: true, cell: (row) => plain(row[0]) }, { title: "Decisions", cell: (row) => count(row[1]) },
          { title: "Share", cell: (row) => percent(row[1] / Math.max(1, whatif.present.decisions), 0) }], Object.entries(whatif.present.models), null, "Share by model"))),
      make("section", {}, make("h2", {}, "Scores by source, policy and model"), report.rows.length ? table([
        { title: "Source", text: true, cell: (row) => row.source }, { title: "Policy", text: true, cell: (row) => plain(row.policy) }, { title: "Model", text: true, cell: (row) => plain(row.model ?? "several") },
        { title: "Observations", cell: (row) => count(row.observations) }, { title: "Quality", cell: (row) => percent(row.quality) },
        { title: "95 % interval", cell: (row) => `${percent(row.low_95)} to ${percent(row.high_95)}` }], report.rows, null, "Scores") : make("p", { class: "faint" }, "None in this time.")),
    ];
  },
};

views.decisions = {
  title: "Decisions",
  async show() {
    if (state.id) return decision(state.id);
    const filter = state.filter;
    const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value));
    const list = await ask(`v1/decisions?limit=50&${query}`);
    const field = (name, label, placeholder) => make("label", {}, label + " ", make("input", { name, value: filter[name] ?? "", placeholder, size: 16 }));
    const stages = make("label", {}, "Stage ", make("select", { name: "stage" }, ...["", "urc", "sse", "sle", "cd", "sd", "plan", "reference", "pinned"].map((name) => make("option", { value: name, selected: filter.stage === name }, name || "any"))));
    const form = make("form", { class: "row", onsubmit: (event) => { event.preventDefault(); go("decisions", { filter: Object.fromEntries(new FormData(event.target)) }); } },
      field("q", "Text", "id, run, reason"), field("model", "Model", "catalog id"), field("policy", "Policy", "name"), field("run", "Run", "id"), stages, make("button", {}, "Filter"));
    return [make("section", {}, make("h2", {}, "Decisions, newest first"), form, list.data.length ? table([
      { title: "Time", text: true, cell: (row) => make("a", { href: `#decisions/${encodeURIComponent(row.id)}` }, moment(row.at)) },
      { title: "Model", text: true, cell: (row) => plain(row.answered_by) + (row.answered_by === row.model ? "" : ` (chosen ${plain(row.model)})`) },
      { title: "Stage", text: true, cell: (row) => row.stage }, { title: "Step", cell: (row) => row.position }, { title: "Policy", text: true, cell: (row) => plain(row.policy ?? "default") },
      { title: "Predicted", cell: (row) => usd(row.predicted_cost_usd) }, { title: "Cost", cell: (row) => usd(row.cost_usd) },
      { title: "Quality", cell: (row) => score(row.predicted_quality) }, { title: "Why", text: true, long: true, cell: (row) => make("div", { class: "brief", title: plain(row.reason, 600) }, plain(row.reason, 300)) }], list.data, null, "Decisions")
      : make("p", { class: "faint" }, `No decision matches; ${count(list.scanned)} were looked through.`),
      list.has_more ? make("button", { onclick: () => go("decisions", { filter: { ...filter, after: list.next_after } }) }, "Older") : null)];
  },
};

async function decision(id) {
  const one = await ask(`v1/decisions/${encodeURIComponent(id)}`);
  const look = (row) => row.rejected ? "rejected" : row.model === one.model ? "chosen" : null;
  const candidates = [...one.candidates].sort((a, b) => (a.rejected ? 1 : 0) - (b.rejected ? 1 : 0) || a.cost_usd - b.cost_usd);
  return [
    make("p", {}, make("a", { href: "#decisions" }, "All decisions")),
    make("section", {}, make("h2", {}, `${plain(one.model)} by ${one.stage}`), make("p", {}, plain(one.reason, 600)), cards([
      ["Answered by", plain(one.answered_by, 40), moment(one.at)], ["Step", String(one.position), `run ${plain(one.run, 40)}`],
      ["Kappa", one.kappa.toFixed(3), `reference ${plain(one.reference, 40)}`],
      ["Cost", usd(one.true_cost_usd), `predicted ${usd((one.candidates.find((row) => row.model === one.model) ?? {}).cost_usd)}`],
      ["Policy", plain(one.policy ?? "default", 30), `catalog ${plain(one.catalog, 24)}`]])),
    make("section", {}, make("h2", {}, "Candidates"), table([
      { title: "Model", text: true, cell: (row) => plain(row.model) }, { title: "Quality", cell: (row) => score(row.p) }, { title: "±", cell: (row) => score(row.p_deviation) },
      { title: "Known by", text: true, cell: (row) => plain(row.basis, 60) }, { title: "Similarity", cell: (row) => score(row.similarity) }, { title: "Cost", cell: (row) => usd(row.cost_usd) },
      { title: "At most", cell: (row) => usd(row.worst_case_cost_usd) }, { title: "Time", cell: (row) => seconds(row.latency_s) }, { title: "Energy", cell: (row) => energy(row.energy_j) },
      { title: "Not considered because", text: true, long: true, cell: (row) => plain(row.rejected ?? "", 200) }], candidates, look, "Candidates")),
    make("section", {}, make("h2", {}, "Tests in order"), make("ol", { class: "tests" }, ...one.considered.map((line) => make("li", {}, plain(line, 400)))),
      make("p", { class: "faint" }, `If it fails: ${one.fallbacks.map((name) => plain(name)).join(", ") || "nothing"}`)),
    make("section", {}, make("h2", {}, "Attempts"), (one.attempts ?? []).length ? table([
      { title: "Model", text: true, cell: (row) => plain(row.model) }, { title: "Used", text: true, cell: (row) => row.accepted ? "yes" : "no" }, { title: "Score", cell: (row) => score(row.score) },
      { title: "Threshold", cell: (row) => score(row.kappa) }, { title: "What happened", text: true, long: true, cell: (row) => plain(row.words, 300) }], one.attempts, null, "Attempts") : make("p", { class: "faint" }, "None."),
      make("h3", {}, "Booked"), table([
        { title: "Model", text: true, cell: (row) => plain(row.model) }, { title: "Outcome", text: true, cell: (row) => `${row.kind} ${row.outcome}` }, { title: "Predicted", cell: (row) => usd(row.predicted_cost_usd) },
        { title: "True", cell: (row) => usd(row.cost_usd) }, { title: "Predicted time", cell: (row) => seconds(row.predicted_latency_s) }, { title: "Time", cell: (row) => seconds(row.latency_s) },
        { title: "Prompt", cell: (row) => count(row.prompt_tokens) }, { title: "Cached", cell: (row) => count(row.cached_tokens) }, { title: "Written", cell: (row) => count(row.completion_tokens) }], one.entries, null, "Booked calls")),
  ];
}

views.runs = {
  title: "Runs and jobs",
  async show() {
    const [runs, jobs] = await Promise.all([ask("v1/runs"), ask("v1/jobs")]);
    const cancel = (job) => make("button", { onclick: async () => { await ask(`v1/jobs/${encodeURIComponent(job.id)}/cancel`, { method: "POST" }); load(); } }, "Cancel");
    return [
      make("section", {}, make("h2", {}, "Jobs"), jobs.data.length ? table([
        { title: "Job", text: true, cell: (row) => make("a", { href: `#decisions?run=${encodeURIComponent(row.id)}` }, plain(row.id)) }, { title: "Status", text: true, cell: (row) => row.status },
        { title: "Made", text: true, cell: (row) => moment(row.created_at) }, { title: "Changed", text: true, cell: (row) => moment(row.updated_at) },
        { title: "", text: true, cell: (row) => ["completed", "failed", "cancelled"].includes(row.status) ? "" : cancel(row) }], jobs.data, null, "Jobs") : make("p", { class: "faint" }, "No jobs yet: POST v1/jobs starts one.")),
      make("section", {}, make("h2", {}, "Runs of the latest decisions"), runs.data.length ? table([
        { title: "Run", text: true, cell: (row) => make("a", { href: `#decisions?run=${encodeURIComponent(row.id)}` }, plain(row.id, 40)) }, { title: "Steps", cell: (row) => row.steps }, { title: "Calls", cell: (row) => row.calls },
        { title: "Models", text: true, long: true, cell: (row) => row.models.map((name) => plain(name)).join(", ") }, { title: "Predicted", cell: (row) => usd(row.predicted_cost_usd) }, { title: "Cost", cell: (row) => usd(row.cost_usd) },
        { title: "Energy", cell: (row) => energy(row.energy_j) }, { title: "Last step", text: true, cell: (row) => moment(row.last_at) }], runs.data, null, "Runs") : make("p", { class: "faint" }, "No runs yet."))];
  },
};

views.batches = {
  title: "Batches",
  async show() {
    const list = await ask("v1/batches?limit=50");
    const done = (row) => { const counts = row.request_counts; const bar = make("progress", { max: Math.max(1, counts.total), value: counts.completed + counts.failed, "aria-label": "rows done" }); return make("span", {}, bar, ` ${count(counts.completed + counts.failed)} of ${count(counts.total)}`); };
    return [make("section", {}, make("h2", {}, "Batches"), list.data.length ? table([
      { title: "Batch", text: true, cell: (row) => plain(row.id) }, { title: "Status", text: true, cell: (row) => row.status }, { title: "Rows", text: true, cell: done }, { title: "Failed", cell: (row) => count(row.request_counts.failed) },
      { title: "Spent", cell: (row) => usd(row.hera.spent_usd) }, { title: "Budget", cell: (row) => usd(row.hera.budget_usd) }, { title: "Expected accuracy", cell: (row) => percent(row.hera.expected_accuracy) },
      { title: "Left", cell: (row) => row.hera.seconds_left === null || row.hera.seconds_left === undefined ? "–" : seconds(row.hera.seconds_left) },
      { title: "Made", text: true, cell: (row) => moment(new Date(row.created_at * 1000).toISOString()) }], list.data, null, "Batches") : make("p", { class: "faint" }, "No batches yet: POST v1/batches, or hera batch."))];
  },
};

views.access = {
  title: "Budgets and keys",
  async show() {
    const [budgets, keys] = await Promise.all([ask("v1/budgets"), ask("v1/keys")]);
    const amount = (row, value) => value === null || value === undefined ? "–" : row.unit === "usd" ? usd(value) : row.unit === "joules" ? energy(value) : count(value);
    const used = (row) => make("progress", { max: Math.max(row.limit, 1e-12), value: Math.min(row.limit, row.spent + row.reserved), "aria-label": `${percent((row.spent + row.reserved) / row.limit, 0)} used` });
    const made = make("div", { role: "status" });
    const form = make("form", { class: "row", onsubmit: async (event) => {
      event.preventDefault();
      const data = new FormData(event.target);
      const text = (name) => data.get(name) || undefined;
      try {
        const key = await ask("v1/keys", { method: "POST", body: JSON.stringify({ label: text("label"), team: text("team"), budgets: text("budget") ? [text("budget")] : [] }) });
        made.replaceChildren(make("p", {}, "The key, shown now and never again:"), make("code", { class: "secret" }, key.key));
      } catch (error) { made.replaceChildren(make("p", { class: "bad" }, plain(error.message, 300))); }
    } }, make("label", {}, "Label ", make("input", { name: "label", size: 14 })), make("label", {}, "Team ", make("input", { name: "team", size: 10 })), make("label", {}, "Budget ", make("input", { name: "budget", size: 10, placeholder: "20/month" })), make("button", {}, "Make a key"));
    const revoke = (key) => make("button", { onclick: async () => { if (confirm(`Revoke the key ${plain(key.label || key.id, 40)}?`)) { await ask(`v1/keys/${encodeURIComponent(key.id)}`, { method: "DELETE" }); load(); } } }, "Revoke");
    return [
      make("section", {}, make("h2", {}, "Budgets"), budgets.data.length ? table([
        { title: "Of", text: true, cell: (row) => plain(row.scope) }, { title: "Limit", cell: (row) => amount(row, row.limit) }, { title: "Window", text: true, cell: (row) => row.window + (row.mode === "warn" ? ", only warns" : "") },
        { title: "Used", text: true, cell: used }, { title: "Spent", cell: (row) => amount(row, row.spent) }, { title: "Reserved", cell: (row) => amount(row, row.reserved) },
        { title: "Left", cell: (row) => make("span", { class: row.left < 0 ? "bad" : null }, amount(row, row.left)) },
        { title: "At this pace by the end", cell: (row) => make("span", { class: row.forecast_at_end > row.limit ? "warn" : null }, amount(row, row.forecast_at_end)) },
        { title: "Ends", text: true, cell: (row) => moment(row.window_end) }], budgets.data, null, "Budgets") : make("p", { class: "faint" }, "No budgets: hera budgets set global 100/month.")),
      make("section", {}, make("h2", {}, "Keys"), keys.may_change ? form : null, made, keys.data.length ? table([
        { title: "Key", text: true, cell: (row) => plain(row.id) }, { title: "Label", text: true, cell: (row) => plain(row.label, 40) }, { title: "Team", text: true, cell: (row) => plain(row.team ?? "–", 40) },
        { title: "State", text: true, cell: (row) => row.valid ? "valid" : row.revoked_at ? "revoked" : "expired" }, { title: "Policy", text: true, cell: (row) => plain(row.policy ?? "default") },
        { title: "Requests/min", cell: (row) => count(row.requests_per_minute) }, { title: "Budgets", text: true, cell: (row) => row.budgets.map((one) => `${amount(one, one.spent)} of ${amount(one, one.limit)} (${one.window})`).join(", ") || "–" },
        { title: "Until", text: true, cell: (row) => moment(row.expires_at) }, { title: "", text: true, cell: (row) => keys.may_change && row.valid ? revoke(row) : "" }], keys.data, null, "Keys") : make("p", { class: "faint" }, "No keys: every caller on this machine may call."))];
  },
};

views.whatif = {
  title: "What if",
  async show() {
    const assumed = state.assumed;
    const report = await ask("v1/whatif", { method: "POST", body: JSON.stringify(assumed) });
    const dial = report.curve.map((point) => point.max_loss);
    const place = Math.max(0, dial.findIndex((value) => value >= (assumed.max_loss ?? 0.01)));
    const shown = make("output", {}, percent(dial[place], 2));
    const slider = make("input", { type: "range", min: 0, max: dial.length - 1, step: 1, value: place, name: "dial", oninput: (event) => { shown.textContent = percent(dial[event.target.value], 2); } });
    const placement = make("select", { name: "placement" }, ...["any", "edge_only", "cloud_only"].map((name) => make("option", { selected: assumed.placement === name }, name)));
    const form = make("form", { class: "row", onsubmit: (event) => {
      event.preventDefault();
      const data = new FormData(event.target);
      const next = { max_loss: dial[data.get("dial")], placement: data.get("placement") };
      if (data.get("deadline_s")) next.deadline_s = Number(data.get("deadline_s"));
      if (data.get("usd_per_second")) next.usd_per_second = Number(data.get("usd_per_second"));
      if (data.get("deny")) next.deny = data.get("deny").split(",").map((name) => name.trim()).filter(Boolean);
      state.assumed = next; load();
    } }, make("label", {}, "Quality that may be lost ", slider, " ", shown), make("label", {}, "Deadline, s ", make("input", { name: "deadline_s", type: "number", min: 0.1, step: "any", size: 6, value: assumed.deadline_s })),
      make("label", {}, "A second is worth, USD ", make("input", { name: "usd_per_second", type: "number", min: 0, step: "any", size: 8, value: assumed.usd_per_second })), make("label", {}, "Placement ", placement),
      make("label", {}, "Without models ", make("input", { name: "deny", size: 18, placeholder: "ids with commas", value: (assumed.deny ?? []).join(", ") })), make("button", {}, "Show"));
    const rows = [["as decided", report.present], ["as assumed", report.assumed], ["all on the reference", report.reference]];
    const models = [...new Set(rows.flatMap(([, row]) => Object.keys(row.models)))].sort();
    return [
      make("section", {}, make("h2", {}, `The latest ${count(report.present.decisions)} decisions under another policy`), form,
        make("p", { class: "faint" }, `By the predictions that the decisions recorded; no model is called. One price of quality is sought for all of them. ${count(report.left_out)} pinned or without a choice are left out.`),
        table([{ title: "", text: true, cell: (row) => row[0] }, { title: "Cost", cell: (row) => usd(row[1].cost_usd) }, { title: "Of the reference's", cell: (row) => percent(row[1].cost_usd / report.reference.cost_usd, 0) },
          { title: "Quality", cell: (row) => percent(row[1].quality, 2) }, { title: "Loss", cell: (row) => percent(row[1].loss, 2) }, { title: "Time, mean", cell: (row) => seconds(row[1].latency_s_mean) }, { title: "Energy", cell: (row) => energy(row[1].energy_j) }], rows, null, "Outcomes")),
      make("div", { class: "pair" },
        make("section", {}, make("h2", {}, "Cost against quality"), report.present.decisions ? scatter("Cost against quality", report.curve.map((point) => ({ x: point.cost_usd, y: point.quality, kind: "curve", name: `max_loss ${point.max_loss}` })).concat([
          { x: report.present.cost_usd, y: report.present.quality, kind: "now", name: "as decided" }, { x: report.assumed.cost_usd, y: report.assumed.quality, kind: "assumed", name: "as assumed" }, { x: report.reference.cost_usd, y: report.reference.quality, kind: "reference", name: "reference" }])) : make("p", { class: "faint" }, "No decisions yet."),
          make("p", { class: "faint" }, "Ring: as decided. Pink: as assumed. Orange: all on the reference.")),
        make("section", {}, make("h2", {}, "Decisions by model"), table([{ title: "Model", text: true, cell: (row) => plain(row) }, ...rows.map(([name, row]) => ({ title: name, cell: (model) => count(row.models[model] ?? 0) }))], models, null, "Decisions by model")))];
  },
};
