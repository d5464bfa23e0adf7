// The page Compare.

import { ask, discard, inWindow, inWords, upload } from "./api.js";
import { make } from "./dom.js";
import { Card } from "./lab.js";
import { windowSliders } from "./window.js";

export function comparePage(page) {
  const find = (what) => page.querySelector(what);
  const problem = find("[data-problem]"), said = find("[data-said]"), result = find("[data-result]");
  const cards = { a: new Card("Image A", ""), b: new Card("Image B", ""), difference: new Card("Difference", "") };
  find("[data-strip]").append(...Object.values(cards).map((c) => c.element));
  let compared = [], newest = 0; // files, and the last request for their pictures
  const look = async (center, width) => {
    const mine = ++newest;
    try {
      const urls = await Promise.all(compared.map((f) => inWindow(f, 512, center, width)));
      if (mine !== newest) return urls.forEach((url) => URL.revokeObjectURL(url));
      cards.a.frameOf(urls[0]);
      cards.b.frameOf(urls[1]);
    } catch (error) {
      if (mine === newest) problem.textContent = inWords(error);
    }
  };
  let own = null;
  const showWindow = windowSliders(find("[data-window]"), "compare", look, () => look(own.center, own.width));

  find("form").addEventListener("submit", async (e) => {
    e.preventDefault();
    problem.textContent = "";
    const files = [find("#compare-a").files[0], find("#compare-b").files[0]];
    if (files.includes(undefined)) {
      problem.textContent = "Choose two images.";
      return;
    }
    said.textContent = "comparing…";
    try {
      const signal = new AbortController().signal;
      const [a, b] = await Promise.all(files.map((f) => upload(f, "", () => {}, signal)));
      const made = await ask("compare", { a, b });
      newest++;
      [compared, own] = [files, made.window];
      show(cards, files, made);
      showWindow(own);
      if (own) look(own.center, own.width);
      table(find("[data-pair]"), ["Metric", "A and B", "two random images"], made.pair);
      table(find("[data-each]"), ["Metric", "A", "B"], made.each);
      result.hidden = false;
    } catch (error) {
      result.hidden = true;
      problem.textContent = inWords(error);
    }
    said.textContent = "";
  });
  randomness(find);
}

// randomness tests one file. A newer request, Cancel and closing the page end the one before.
function randomness(find) {
  const problem = find("[data-tests-problem]"), doing = find("[data-doing]"), tested = find("[data-tested]"), cancel = find("[data-stop]");
  let stop = new AbortController();
  cancel.addEventListener("click", () => stop.abort());
  find("[data-tests]").addEventListener("submit", async (e) => {
    e.preventDefault();
    stop.abort();
    const { signal } = (stop = new AbortController());
    const file = find("#random-file").files[0], minEntropy = find("#random-entropy").checked;
    problem.textContent = file ? "" : "Choose a file.";
    tested.hidden = true;
    if (!file) return;
    doing.textContent = "testing…";
    cancel.hidden = false;
    let id;
    try {
      id = await upload(file, "", () => {}, signal);
      const made = await ask("randomness", { file: id, bits: Number(find("#random-bits").value), minEntropy }, { signal });
      const entropy = made.min_entropy ? `${made.min_entropy.min_entropy.toFixed(6)} bits of min-entropy in each ${made.min_entropy.symbol_bits} bits.` : made.refused && `No min-entropy: ${made.refused}.`;
      find("[data-verdict]").textContent = [made.verdict, entropy, made.short].filter(Boolean).join(" ");
      find("[data-what]").textContent = `${file.name}: ${made.bits} bits (${made.what})`;
      table(find("[data-tests-table]"), ["Test", "p-values", "Smallest", "≥ 0.01", "Verdict"], made.rows);
      tested.hidden = false;
    } catch (error) {
      if (error.name !== "AbortError") problem.textContent = inWords(error);
      if (id) discard([id]);
    }
    if (stop.signal === signal) {
      doing.textContent = signal.aborted ? "cancelled" : "";
      cancel.hidden = true;
    }
  });
}

async function show(cards, files, made) {
  await Promise.all([cards.a.show(made.a), cards.b.show(made.b), cards.difference.show(made.difference)]);
  cards.a.say(`${files[0].name}, ${made.shape}`);
  cards.b.say(`${files[1].name}, ${made.shape}`);
  cards.difference.say(made.most === 0 ? "The two are the same." : `White stands for a difference of ${made.most}, the largest between the two.${made.mixed ? " It shows the plain image, however good the cipher is." : ""}`);
  cards.difference.graphs.replaceChildren();
  for (const card of Object.values(cards)) card.figures.replaceChildren(); // those of a reduced picture; the table has the image's
}

function table(place, heads, rows) {
  place.querySelectorAll("thead, tbody").forEach((part) => part.remove());
  place.append(
    make("thead", {}, make("tr", {}, ...heads.map((h) => make("th", { scope: "col" }, h)))),
    make("tbody", {}, ...rows.map((r) => make("tr", {}, make("th", { scope: "row" }, r.name), ...r.values.map((v) => make("td", {}, v))))),
  );
}
