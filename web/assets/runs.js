// The page Runs: trainings while they go on and afterwards, side by side, and the reports of evaluations.

import { ask, inWords, sampleOf } from "./api.js";
import { Chart, tableOf } from "./chart.js";
import { button, make } from "./dom.js";

const most = 8; // runs side by side

// The values that noise has, where they do not depend on the size of the image (docs/training.md).
const noise = { Entropy: 8, Chi2: 255, Correlation: 0, Zeros: 1 / 256, Distance: 33.46, "Plain Correlation": 0 };

const states = {
  running: "▶ running", starting: "▶ starting", finished: "✓ finished", interrupted: "‖ interrupted", failed: "✗ failed",
  killed: "✗ ended without a word",
};

export function runsPage(page, folder) {
  const find = (what) => page.querySelector(what);
  const problem = find("[data-problem]"), said = find("[data-said]"), slider = find("#epoch"), kind = find("#course");
  const runs = new Map(); // what is shown, by name, in the order of choice
  const entries = new Map(), reports = new Map(); // the elements of both lists, by name
  const label = (name) => (name === "." ? folder : name);
  let source, samples = [], chosen;
  find("[data-no-runs]").hidden = folder !== "";
  find("[data-runs]").hidden = folder === "";

  const tell = (error) => (problem.textContent = inWords(error));

  // open begins an event stream about the runs that are chosen. Its ticket works once, so a lost stream needs another.
  async function open() {
    close();
    const mine = (source = new AbortController());
    try {
      const { url } = await ask("watch", { names: chosen ?? [] });
      if (mine !== source) return;
      const events = (source = new EventSource(url));
      events.addEventListener("runs", (e) => events === source && showList(JSON.parse(e.data)));
      events.addEventListener("run", (e) => events === source && showRun(JSON.parse(e.data)));
      events.addEventListener("error", () => {
        if (events !== source) return;
        close();
        problem.textContent = "keygan sends nothing more about these runs. The page asks again.";
        setTimeout(() => source === null && shown() && open(), 2000);
      });
      events.addEventListener("open", () => events === source && (problem.textContent = ""));
    } catch (error) {
      if (mine !== source) return;
      source = null;
      tell(error);
    }
  }
  function close() {
    source?.close?.();
    source = null;
  }
  const shown = () => !page.hidden && document.visibilityState === "visible";
  const follow = () => {
    if (folder === "" || shown() === Boolean(source)) return;
    if (shown()) open();
    else close();
  };

  function choose(names) {
    chosen = names.slice(-most);
    for (const name of runs.keys()) if (!chosen.includes(name)) runs.delete(name);
    for (const box of page.querySelectorAll("[data-list] input")) box.checked = chosen.includes(box.value);
    said.textContent = names.length > most ? `At most ${most} runs are shown side by side.` : "";
    open();
    draw();
  }

  function showList(found) {
    const list = find("[data-list]");
    for (const name of entries.keys()) if (!found.runs.some((r) => r.name === name)) entries.delete(name);
    for (const run of found.runs) {
      if (!entries.has(run.name)) entries.set(run.name, new Entry(label(run.name), run.name, (on) => choose(on ? [...(chosen ?? []), run.name] : chosen.filter((n) => n !== run.name))));
      entries.get(run.name).show(run, chosen?.includes(run.name) ?? false);
    }
    keep(list, found.runs.map((r) => entries.get(r.name).element));
    find("[data-none]").hidden = found.runs.length + found.reports.length > 0;
    find("[data-left]").hidden = !found.left;
    find("[data-reports]").hidden = found.reports.length === 0;
    for (const name of found.reports) if (!reports.has(name)) reports.set(name, button(label(name), () => showReport(name)));
    keep(find("[data-report-list]"), found.reports.map((name) => reports.get(name)));
    if (chosen === undefined && found.runs.length > 0) choose([newest(found.runs)]);
  }

  function showRun(run) {
    const before = runs.get(run.name);
    run.label = label(run.name);
    runs.set(run.name, run);
    if (before && before.state !== run.state) said.textContent = `${run.label}: ${run.state}`;
    draw();
  }

  // draw shows what is known of all the runs that are chosen.
  function draw() {
    const all = (chosen ?? []).map((name) => runs.get(name)).filter((r) => r !== undefined);
    find("[data-detail]").hidden = all.length === 0;
    find("[data-heads]").replaceChildren(...all.map(head));
    drawCharts(all);
    drawSamples(all);
    drawConfig(all);
  }

  const charts = { losses: new Map(), keys: new Map() };
  function drawCharts(all) {
    const young = all.every((r) => (r.epochs ?? []).every((c) => c.points.length < 2)); // no curve by epoch yet
    const recent = kind.value === "recent" || young;
    const lines = { losses: new Map(), keys: new Map() };
    for (const [i, run] of all.entries()) {
      const epochs = run.epochs ?? [];
      for (const c of [...(recent ? run.recent ?? [] : epochs).filter((c) => !c.measure), ...epochs.filter((c) => c.measure)]) {
        const group = c.measure ? lines.keys : lines.losses, title = c.measure || c.column;
        if (!group.has(title)) group.set(title, []);
        const curves = group.get(title), same = curves.find((o) => o.run === run.name);
        if (all.length > 1 && same) { // of several runs, one curve each: that of images held out, where there is one
          if (c.images === "held-out" || same.points.length === 0) Object.assign(same, { name: `${run.label}, ${c.images}`, points: c.points });
          continue;
        }
        const name = c.images ? (all.length > 1 ? `${run.label}, ${c.images}` : c.images) : run.label;
        curves.push({ run: run.name, name, points: c.points, at: all.length > 1 ? i : curves.length });
      }
    }
    for (const name of ["losses", "keys"]) {
      const place = find(`[data-${name}]`);
      for (const title of charts[name].keys()) if (!lines[name].has(title)) charts[name].delete(title);
      for (const [title, curves] of lines[name]) {
        if (!charts[name].has(title)) charts[name].set(title, new Chart(title));
        charts[name].get(title).show(curves, { x: recent && name === "losses" ? "step" : "epoch", noise: name === "keys" ? noise[title] : undefined });
      }
      const elements = [...charts[name].values()].map((c) => c.element);
      keep(place, elements);
      find(`[data-${name}-none]`).hidden = elements.length > 0;
    }
  }

  // drawSamples keeps the slider at the newest epoch if it was there.
  const pictures = new Map();
  function drawSamples(all) {
    const atEnd = samples.length === 0 || Number(slider.value) === samples.length - 1;
    samples = [...new Set(all.flatMap((r) => r.samples ?? []))].sort((a, b) => a - b);
    slider.max = Math.max(samples.length - 1, 0);
    if (atEnd) slider.value = slider.max;
    slider.disabled = samples.length < 2;
    find("[data-samples-none]").hidden = samples.length > 0;
    find("[data-samples]").hidden = samples.length === 0;
    for (const name of pictures.keys()) if (!all.some((r) => r.name === name)) pictures.delete(name);
    for (const run of all) if (!pictures.has(run.name)) pictures.set(run.name, new Sample(run.name, run.label));
    find("[data-pictures]").replaceChildren(...all.map((r) => pictures.get(r.name).element));
    slide(all);
  }
  function slide(all = chosen.map((name) => runs.get(name)).filter((r) => r !== undefined)) {
    const epoch = samples[slider.value];
    find("[data-epoch]").textContent = epoch ?? "none";
    slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
    for (const run of all) pictures.get(run.name).show((run.samples ?? []).filter((e) => e <= epoch).pop(), run.rows ?? []);
  }

  const configs = find("[data-config]");
  function drawConfig(all) {
    const key = JSON.stringify(all.map((r) => [r.name, r.config]));
    if (configs.dataset.key === key) return;
    configs.dataset.key = key;
    const parts = all.map((r) => make("details", { open: all.length === 1 }, make("summary", {}, `config.yaml of ${r.label}`), make("pre", { tabIndex: 0 }, r.config || "none")));
    if (all.length > 1) parts.unshift(differences(all));
    configs.replaceChildren(...parts);
  }

  const frame = find("[data-frame]");
  async function showReport(name) {
    try {
      const { url } = await ask("report", { name });
      const inside = make("iframe", { title: `Report of ${label(name)}`, class: "report", referrerPolicy: "no-referrer" });
      inside.setAttribute("sandbox", "");
      inside.src = url;
      const title = make("h2", { tabIndex: -1 }, `Report: ${label(name)}`);
      const done = button("Close the report", () => {
        frame.replaceChildren();
        find("[data-report-list] button")?.focus();
      });
      const note = make("p", { class: "hint" }, "Only links within the report work here. For those to pictures and other files, open report.html in its folder.");
      frame.replaceChildren(make("div", { class: "bar" }, title, make("div", { class: "buttons" }, done)), note, inside);
      title.focus();
      problem.textContent = "";
    } catch (error) {
      tell(error);
    }
  }

  kind.addEventListener("change", draw);
  slider.addEventListener("input", () => slide());
  document.addEventListener("visibilitychange", follow);
  return { follow };
}

// newest is the run that trains, or else the one that was written last.
const newest = (all) => [...all].sort((a, b) => (b.state === "running") - (a.state === "running") || (b.written ?? "").localeCompare(a.written ?? ""))[0].name;

// keep puts elements into a place, unless they are there: what has the focus keeps it.
function keep(place, elements) {
  if (elements.length !== place.children.length || elements.some((e, i) => e !== place.children[i])) place.replaceChildren(...elements);
}

// An Entry is a run in the list. It stays the same element while its text changes.
class Entry {
  constructor(label, name, choose) {
    this.box = make("input", { type: "checkbox", value: name, on: { change: (e) => choose(e.target.checked) } });
    this.text = make("span", { class: "hint" });
    this.element = make("li", { class: "run" }, make("label", {}, this.box, make("span", {}, make("span", { class: "name" }, label), this.text)));
  }

  show({ objective, state, step, steps }, checked) {
    this.box.checked = checked;
    this.text.textContent = [objective, states[state] ?? state, steps > 0 ? `step ${step} of ${steps}` : `step ${step}`].filter(Boolean).join(", ");
  }
}

function head(run) {
  const bar = run.steps > 0 ? make("progress", { max: run.steps, value: Math.min(run.step, run.steps), "aria-label": `Steps of ${run.label}` }) : null;
  const text = run.steps > 0 ? `${run.title ?? ""}: step ${run.step} of ${run.steps}` : run.title ?? "";
  return make("div", { class: "card" }, make("h2", {}, run.label), make("p", { class: "hint" }, text), bar, ...(run.problems ?? []).map((p) => make("p", { class: "problem" }, p)));
}

// A Sample is the picture of a run's epoch.
class Sample {
  constructor(name, label) {
    Object.assign(this, { name, label });
    this.frame = make("div", { class: "sample" });
    this.text = make("figcaption", {});
    this.element = make("figure", {}, this.frame, this.text);
  }

  async show(epoch, rows) {
    if (this.epoch === epoch) return;
    this.epoch = epoch;
    const label = epoch === undefined ? `${this.label}: no sample yet` : `${this.label}, epoch ${epoch}${rows.length > 0 ? ". Rows from the top: " + rows.join(", ") : ""}`;
    this.text.textContent = label;
    if (epoch === undefined) return this.frame.replaceChildren();
    try {
      const url = await sampleOf(this.name, epoch);
      if (this.epoch !== epoch) return URL.revokeObjectURL(url);
      if (this.url) URL.revokeObjectURL(this.url);
      this.url = url;
      const image = make("img", { src: url, alt: label });
      await image.decode();
      if (this.epoch === epoch) this.frame.replaceChildren(image);
    } catch (error) {
      if (this.epoch === epoch) this.frame.replaceChildren(make("p", { class: "problem" }, error.message));
    }
  }
}

// differences lists the options that runs do not share.
function differences(all) {
  const options = all.map((r) => flat(r.config ?? ""));
  const keys = [...new Set(options.flatMap((o) => [...o.keys()]))].filter((k) => new Set(options.map((o) => o.get(k))).size > 1);
  const table = tableOf("What their configurations do not share", ["Option", ...all.map((r) => r.label)], keys.map((k) => [k, ...options.map((o) => o.get(k) ?? "—")]));
  return make("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "What their configurations do not share" }, table);
}

// flat reads a config.yaml as runs write it, in blocks: "train.batch" → "8". Whatever else it may be, it stays text.
function flat(text) {
  const options = new Map(), path = [];
  for (const line of text.split("\n").slice(0, 2000)) {
    const found = /^( *)(- )?(?:([\w]+):)?(?: ?(.*))$/.exec(line);
    if (!found || line.trim() === "") continue;
    const [, indent, dash, key, value] = found;
    const depth = indent.length / 2 + (dash ? 1 : 0);
    path.length = Math.min(path.length, depth);
    if (dash) path[depth - 1] = `${(path[depth - 1] ?? "").replace(/\[\d+\]$/, "")}[${Number(/\[(\d+)\]$/.exec(path[depth - 1] ?? "")?.[1] ?? -1) + 1}]`;
    if (key !== undefined) path[depth] = key;
    if (value) options.set(path.filter(Boolean).join("."), value);
  }
  return options;
}
