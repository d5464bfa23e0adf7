// The list of files below a form: what becomes of each, and of all.

import { make, button, size } from "./dom.js";
import { discard, inWords, lookAt, preview, save } from "./api.js";

const together = Math.max(2, Math.min(4, navigator.hardwareConcurrency || 2)); // files at a time

// A Work is a list of files. begin(some) starts the work on some rows, or on all, as the form says now, by calling start; advice is for those who have the
// results.
export class Work {
  constructor(element, { doing, done, zip, pictures, begin, advice = "", counted = () => {} }) {
    Object.assign(this, { element, doing, done, zip, pictures, begin, advice, counted, rows: [], waiting: [], running: 0 });
    this.title = make("h2", {}, "Files");
    this.all = make("progress", { max: 1, value: 0 });
    this.all.setAttribute("aria-label", "All files");
    this.saveAll = button("Save all as .zip", () => this.save(), { hidden: true });
    this.cancelAll = button("Cancel", () => this.cancel(), { hidden: true });
    this.clearAll = button("Clear the list", () => this.clear(), { class: "quiet" });
    this.list = make("ul", { class: "rows" });
    this.live = make("p", { class: "hint", role: "status" });
    element.append(make("div", { class: "bar" }, this.title, this.all, make("div", { class: "buttons" }, make("div", { class: "either" }, this.saveAll, this.cancelAll), this.clearAll)), this.live, this.list);
    this.seen = new IntersectionObserver((entries) => {
      for (const e of entries) if (e.isIntersecting) {
        this.seen.unobserve(e.target);
        this.look(e.target.row);
      }
    });
    this.looking = Promise.resolve();
  }

  // add lists files that wait.
  add(files) {
    for (const { file, folder } of files) {
      const row = new Row(this, file, folder);
      this.rows.push(row);
      this.list.append(row.element);
      if (this.pictures(file)) this.seen.observe(row.element);
    }
    this.show();
  }

  // look shows what a file looks like, one file at a time.
  look(row) {
    this.looking = this.looking.then(async () => {
      if (!row.gone) await row.showLook(0, preview(row.file));
    });
  }

  // start works on some rows, or on all that wait or have failed. run(row) does the work on one and returns {results, said, shown}: files to
  // save, a text, and the result that is shown.
  start(some, run) {
    const rows = some ?? this.rows.filter((r) => r.state === "waiting" || r.state === "failed");
    if (rows.length === 0) throw new Error(`All files in the list are ${this.done} or under way. To do it otherwise, clear the list and choose them again.`);
    for (const row of rows) {
      row.run = run;
      row.set("queued", "waiting");
      this.waiting.push(row);
    }
    this.next();
  }

  next() {
    while (this.running < together && this.waiting.length > 0) {
      this.running++;
      this.one(this.waiting.shift()).finally(() => {
        this.running--;
        this.next();
      });
    }
    this.show();
  }

  async one(row) {
    if (row.state !== "queued" || row.gone) return;
    row.stop = new AbortController();
    row.set("running", "reading…");
    try {
      const made = await row.run(row);
      row.results = made.results;
      if (row.gone) discard(row.ids());
      else row.finish(made);
    } catch (error) {
      if (error.name === "AbortError") row.set("waiting", "cancelled");
      else row.set("failed", named(inWords(error), row.file.name));
    }
  }

  save() {
    save(this.rows.flatMap((r) => r.ids()), this.zip).catch((e) => (this.live.textContent = e.message));
  }

  cancel() {
    for (const row of this.waiting.splice(0)) row.set("waiting", "cancelled");
    for (const row of this.rows) if (row.state === "running") row.stop.abort();
    this.show();
  }

  clear() {
    this.cancel();
    discard(this.rows.flatMap((r) => r.ids()));
    for (const row of this.rows.splice(0)) row.remove();
    this.show();
  }

  count(...states) {
    return this.rows.filter((r) => states.includes(r.state)).length;
  }

  // show brings what is about all files up to date, once for many changes.
  show() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = undefined;
      const n = this.rows.length;
      const done = this.count("done"), failed = this.count("failed"), busy = this.count("queued", "running");
      this.element.hidden = n === 0;
      this.title.textContent = n === 1 ? "1 file" : `${n} files`;
      this.all.value = n === 0 ? 0 : this.rows.reduce((sum, r) => sum + (["done", "failed"].includes(r.state) ? 1 : r.share), 0) / n;
      this.saveAll.hidden = busy > 0 || this.rows.flatMap((r) => r.ids()).length < 2;
      this.cancelAll.hidden = busy === 0;
      this.clearAll.disabled = busy > 0;
      const said = [];
      if (done > 0) said.push(`${done} of ${n} ${this.done}`);
      if (failed > 0) said.push(`${failed} failed`);
      if (busy > 0) said.unshift(this.doing);
      const text = said.join(", ") + (done > 0 && busy === 0 ? this.advice : "");
      this.counted(n, this.rows.reduce((sum, r) => sum + r.file.size, 0));
      if (this.live.textContent !== text) this.live.textContent = text;
    });
  }
}

class Row {
  constructor(work, file, folder) {
    Object.assign(this, { work, file, folder, state: "waiting", share: 0, results: [], stop: new AbortController(), urls: [] });
    this.looks = make("div", { class: "looks" }, make("div", { class: "look" }, extension(file.name)));
    this.said = make("div", { class: "said" }, size(file.size));
    this.bar = make("progress", { max: 1, value: 0, hidden: true });
    this.bar.setAttribute("aria-label", file.name);
    this.buttons = make("div", { class: "buttons" });
    const name = folder === "" ? file.name : `${folder}/${file.name}`;
    this.element = make("li", { class: "row" }, this.looks, make("div", {}, make("div", { class: "name" }, name), this.said, this.bar), this.buttons);
    this.element.row = this;
    this.offer(button("Remove", () => this.drop(), { class: "quiet", "aria-label": `Remove ${file.name}` }));
  }

  offer(...buttons) {
    this.buttons.replaceChildren(...buttons);
  }

  ids() {
    return this.results.map((r) => r.id).filter((id) => id !== undefined);
  }

  set(state, text) {
    this.state = state;
    this.element.dataset.state = state;
    this.said.textContent = text;
    this.bar.hidden = state !== "running";
    if (state !== "running") this.share = 0;
    if (state === "running" || state === "queued") this.offer(button("Cancel", () => this.cancel(), { "aria-label": `Cancel ${this.file.name}` }));
    else if (state === "failed" || (state === "waiting" && this.run)) {
      this.offer(button("Retry", () => this.retry(), { "aria-label": `Retry ${this.file.name}` }), button("Remove", () => this.drop(), { class: "quiet", "aria-label": `Remove ${this.file.name}` }));
    }
    this.work.show();
  }

  progress(share, text) {
    this.share = share * 0.5; // the other half is the work itself
    if (share < 1) this.bar.value = share;
    else this.bar.removeAttribute("value");
    this.said.textContent = share < 1 ? "reading…" : text;
    this.work.show();
  }

  finish({ results, said, shown }) {
    this.set("done", said);
    this.offer(...results.filter((r) => r.id).map((r) => button(`Save ${r.label}`, () => save([r.id]).catch((e) => this.set("failed", e.message)), { "aria-label": `Save ${r.label}: ${r.name}` })));
    if (shown?.id && this.work.pictures({ name: shown.name, size: shown.size })) this.showLook(1, lookAt(shown.id));
  }

  async showLook(place, picture) {
    try {
      const url = await picture;
      this.urls.push(url);
      while (this.looks.children.length <= place) this.looks.append(make("div", { class: "look" }));
      this.looks.children[place].replaceChildren(make("img", { src: url, alt: place === 0 ? "before" : "after" }));
    } catch {
      // it is not an image that can be shown
    }
  }

  cancel() {
    if (this.state === "running") this.stop.abort();
    else {
      this.work.waiting = this.work.waiting.filter((r) => r !== this);
      this.set("waiting", "cancelled");
    }
  }

  retry() {
    this.work.begin([this]);
  }

  drop() {
    this.work.rows = this.work.rows.filter((r) => r !== this);
    this.remove();
    this.work.show();
  }

  remove() {
    this.gone = true;
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.element.remove();
  }
}

// named leaves out the file's name, which the row has.
const named = (text, name) => (text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text);

const extension = (name) => (name.includes(".") ? name.split(".").pop().slice(0, 5).toUpperCase() : "FILE");
