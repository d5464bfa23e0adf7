// The page Key lab: an image, its key, and what a scheme makes of both, step by step.

import { ask, discard, inWords, upload } from "./api.js";
import { make } from "./dom.js";
import { windowSliders } from "./window.js";

const steps = [
  ["plain", "Image", "What is to be hidden."],
  ["key", "Key", "What the network makes of the image."],
  ["scrambled", "Scrambled", "The cat map moves every pixel."],
  ["cipher", "Cipher image", "What an attacker sees."],
  ["decrypted", "Decrypted", "What the receiver gets."],
];

const noStep = {
  key: "This scheme makes its key itself.",
  scrambled: "This scheme does not move pixels, or does not show how.",
};

export function labPage(page, state) {
  const find = (what) => page.querySelector(what);
  const strip = find("[data-strip]"), problem = find("[data-problem]"), said = find("[data-said]");
  const scheme = find("#scheme"), slider = find("#iterations"), flips = find("[data-flips]");
  const cards = Object.fromEntries(steps.map(([name, title, text]) => [name, new Card(title, text)]));
  strip.append(...steps.map(([name]) => cards[name].element));
  for (const [name, sign] of [["cipher", "⊕"], ["decrypted", "→"]]) cards[name].element.dataset.by = sign; // how it comes from those before
  cards.scrambled.text.after(find("[data-slider]"));
  const network = find("#network");
  const files = new Map(); // of weights that were chosen, by the option's value
  let image = null; // {file, moved}: that is on the bench, unless keygan drew it
  let bench = null, newest = 0, generator = { value: "", id: "" };
  network.append(make("option", { value: "" }, state.weights ? `the one in ${state.weights}` : "the one built in"));

  // guarded runs a step, and shows its error. Answers of steps that a newer one has overtaken are dropped.
  const guarded = async (doing, step) => {
    const mine = ++newest;
    problem.textContent = "";
    said.textContent = doing;
    try {
      await step(() => mine === newest);
    } catch (error) {
      if (mine === newest) problem.textContent = inWords(error);
    }
    if (mine === newest) said.textContent = "";
  };
  const question = (more = {}) => ({ id: bench.id, scheme: scheme.value, iterations: Number(slider.value), what: "", ...more });
  const current = () => bench.schemes.find((s) => s.name === scheme.value);

  // chosen returns the network that is chosen. keygan holds one at a time for this tab.
  const chosen = async () => {
    const { value } = network;
    if (generator.value === value) return generator.id;
    let id = "";
    try {
      if (value !== "") {
        const file = files.has(value) ? await upload(files.get(value), "", () => {}, new AbortController().signal) : "";
        id = (await ask("generator", { file, run: file === "" ? value.slice("run ".length) : "" })).id;
      }
    } catch (error) {
      network.value = generator.value;
      throw error;
    }
    discard([generator.id].filter(Boolean));
    generator = { value, id };
    return id;
  };

  const load = (request) => guarded("making the key…", async (fresh) => {
    const made = await ask("lab", { file: "", sample: "", bench: "", generator: await chosen(), ...(await request()) });
    if (!fresh()) return void discard([made.id]);
    if (bench) discard([bench.id]);
    else {
      slider.max = made.period;
      slider.value = made.iterations;
      scheme.replaceChildren(...made.schemes.map((s) => make("option", { value: s.name }, s.name)));
      scheme.value = made.schemes.find((s) => s.iterations)?.name ?? scheme.value;
    }
    bench = made;
    if (!image?.moved) showWindow(image && made.window);
    find("[data-bench]").hidden = false;
    cards.plain.show(made.plain);
    if (image) cards.plain.say(image.file.name);
    await attempt(fresh);
  });

  // The window of the file that is on the bench.
  const inWindow = (window = {}) => load(async () => {
    image.moved = "width" in window;
    return { file: await upload(image.file, "", () => {}, new AbortController().signal), ...window };
  });
  const showWindow = windowSliders(find("[data-window]"), "lab", (center, width) => inWindow({ center, width }), () => inWindow());

  const attempt = async (fresh) => {
    flips.replaceChildren();
    const { iterations, warning, weakness, network } = current();
    find("[data-slider]").hidden = !iterations; // it takes the place of the card's text
    cards.scrambled.text.hidden = iterations;
    cards.key.element.dataset.by = network ? "→" : ""; // of the image
    count();
    find("[data-warning]").textContent = warning && `Warning: ${warning}. ${weakness}`;
    find("[data-protects]").hidden = warning !== "";
    for (const button of page.querySelectorAll("[data-flip]")) button.disabled = iterations && slider.value === slider.max;
    if (iterations && slider.value === slider.max) { // a whole period
      cards.key.show(bench.key);
      cards.scrambled.show((await ask("scramble", question())).scrambled);
      for (const name of ["cipher", "decrypted"]) cards[name].none("After a whole period nothing is scrambled, so the scheme refuses it.");
      return;
    }
    const made = await ask("attempt", question());
    if (!fresh()) return;
    cards.key.show(made.stream ?? null, noStep.key);
    if (made.stream && !network) cards.key.say("The scheme's own keystream. No network takes part.");
    cards.scrambled.show(made.scrambled ?? null, noStep.scrambled);
    cards.cipher.show(made.cipher);
    cards.decrypted.show(made.decrypted);
    cards.decrypted.say(made.same ? "The same as the image, bit for bit." : "Not the same as the image.");
  };

  const count = () => (find("[data-count]").textContent = `${slider.value} of ${slider.max}`);
  const scramble = () => guarded("", async (fresh) => {
    count();
    const made = await ask("scramble", question());
    if (fresh()) cards.scrambled.show(made.scrambled);
  });
  const again = () => guarded("encrypting…", attempt);

  const flip = (what) => guarded("flipping a bit…", async (fresh) => {
    const made = await ask("flip", question({ what }));
    if (fresh()) showFlip(flips, what, made);
  });

  for (const button of page.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () => {
      image = null;
      load(async () => ({ sample: button.dataset.sample }));
    });
  }
  const sameImage = () => load(async () => (bench === null ? { sample: "xray" } : { bench: bench.id }));
  const take = (file, weights = file?.name.toLowerCase().endsWith(".npz")) => {
    if (!file) return;
    if (!weights) {
      image = { file, moved: false };
      return void inWindow();
    }
    const value = `file ${files.size}`;
    files.set(value, file);
    network.append(make("option", { value }, file.name));
    network.value = value;
    sameImage();
  };
  for (const input of page.querySelectorAll("[data-lab-file]")) {
    input.addEventListener("change", (e) => {
      take(e.target.files[0], input.accept === ".npz" || undefined);
      e.target.value = "";
    });
  }
  page.addEventListener("drop", (e) => take(e.dataTransfer.files[0]));
  network.addEventListener("change", sameImage);
  addEventListener("pagehide", () => discard([bench?.id, generator.id].filter(Boolean)));
  const listRuns = async () => {
    const found = state.runs === "" ? { runs: [] } : await ask("runs");
    for (const { name } of found.runs.filter((r) => r.weights)) network.append(make("option", { value: `run ${name}` }, `run ${name}`));
  };
  scheme.addEventListener("change", again);
  slider.addEventListener("input", scramble);
  slider.addEventListener("change", again);
  for (const button of page.querySelectorAll("[data-flip]")) button.addEventListener("click", () => flip(button.dataset.flip));
  let begun = false;
  const first = () => {
    if (begun) return;
    begun = true;
    load(async () => ({ sample: "xray" }));
    listRuns().catch((error) => (problem.textContent = error.message));
  };
  return { first };
}

// A Card is one picture with its statistics.
export class Card {
  constructor(title, text) {
    this.title = title;
    this.text = make("p", { class: "hint" }, text);
    this.usual = text;
    this.frame = make("div", { class: "frame" });
    this.graphs = make("div", { class: "graphs" });
    this.figures = make("ul", { class: "figures" });
    this.element = make("section", { class: "step" }, make("h2", {}, title), this.frame, this.text, this.graphs, this.figures);
  }

  say(text) {
    this.text.textContent = text;
  }

  none(why) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = undefined;
    this.frame.replaceChildren(make("span", {}, "—"));
    this.graphs.replaceChildren();
    this.figures.replaceChildren();
    this.say(why);
  }

  frameOf(url) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = url;
    this.frame.replaceChildren(make("img", { src: url, alt: this.title, width: 256, height: 256 }));
  }

  async show(picture, missing) {
    if (picture === null) return this.none(missing);
    const blob = pngOf(picture);
    this.frameOf(URL.createObjectURL(blob));
    this.say(this.usual);
    this.figures.replaceChildren(...picture.figures.map(verdict));
    const scatter = await neighbours(blob);
    this.graphs.replaceChildren(histogram(picture.histogram), scatter);
  }
}

const pngOf = (picture) => new Blob([Uint8Array.from(atob(picture.png), (c) => c.charCodeAt(0))], { type: "image/png" });

const verdict = (f) =>
  make("li", { class: f.passed ? "passed" : "missed" },
    make("span", { class: "name" }, f.name),
    make("span", {}, `${f.value} `),
    make("span", { class: "verdict" }, f.passed ? "✓ as random" : "✗ not random"),
    make("span", { class: "hint" }, `random: ${f.random}`));

function drawing(label, path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 256 128");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return make("figure", {}, svg, make("figcaption", {}, label));
}

function histogram(counts) {
  const most = Math.max(...counts);
  return drawing("Histogram", counts.map((n, i) => `M${i} 128v${(-126 * n / most).toFixed(1)}h1V128z`).join(""));
}

// neighbours draws pairs of pixels side by side: a line for an image, a cloud for noise.
async function neighbours(blob) {
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  let path = "";
  for (let i = 0; i < 1500; i++) {
    const at = 4 * Math.floor((i * 7919) % (image.width * image.height - 1));
    path += `M${data[at]} ${(127 - data[at + 4] / 2).toFixed(1)}h2v1h-2z`;
  }
  return drawing("Neighbours", path);
}

// What a flipped bit means: [what was done, what it means if it changes all, as between random images, and if not].
const flipped = {
  image: ["One bit of the image was changed, and the image encrypted again",
    "The two cipher images do not show that their images are nearly the same.",
    "Whoever has both cipher images sees that their images are nearly the same, and learns how they differ."],
  key: ["One bit of the key was changed, and the cipher image decrypted with it",
    "A key that is nearly right shows nothing of the image.",
    "A key that is nearly right shows nearly all of the image, so an attacker need not find all of it."],
};

// showFlip says what one bit has changed.
function showFlip(place, what, made) {
  if (made.refused) {
    place.replaceChildren(make("p", {}, make("strong", {}, "Refused. "), "With one bit of the key changed, nothing comes out: a nearly right key is as good as none."));
    return;
  }
  const percent = (x) => `${x > 0 && x < 0.01 ? x.toPrecision(2) : x.toFixed(2)} %`;
  const [done, good, bad] = flipped[what];
  const how = what === "image" && made.kept ? ", with the same key, because this scheme has one for all images" : "";
  const text = what === "image"
    ? `${percent(made.npcr)} of the cipher image's samples changed, by ${percent(made.uaci)} of their range on average. Between random images it would be ${percent(made.randomNPCR)} and ${percent(made.randomUACI)}.`
    : `${percent(made.npcr)} of the samples are not those of the image. Between random images it would be ${percent(made.randomNPCR)}.`;
  const all = made.npcr > made.randomNPCR - 0.5;
  const why = what === "image" && made.fresh ? " Each encryption draws a new secret, so everything changes whatever the image." : "";
  const after = new Card(what === "image" ? "Cipher image after" : "Decrypted with it", ""), difference = new Card("Difference", "White where the two differ.");
  after.show(made.after);
  difference.show(made.difference).then(() => {
    difference.graphs.replaceChildren();
    difference.figures.replaceChildren();
  });
  place.replaceChildren(make("p", { class: "outcome" }, `${done}${how}. ${text} `, make("strong", {}, `${all ? "✓" : "✗"} ${all ? good : bad}`), why), make("div", { class: "strip" }, after.element, difference.element));
}
