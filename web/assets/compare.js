// The page Compare.

import { ask, upload } from "./api.js";
import { make } from "./dom.js";
import { Card } from "./lab.js";

export function comparePage(page) {
  const find = (what) => page.querySelector(what);
  const problem = find("[data-problem]"), said = find("[data-said]"), result = find("[data-result]");
  const cards = { a: new Card("Image A", ""), b: new Card("Image B", ""), difference: new Card("Difference", "") };
  find("[data-strip]").append(...Object.values(cards).map((c) => c.element));

  find("form").addEventListener("submit", async (e) => {
    e.preventDefault();
    problem.textContent = "";
    const files = [find("#compare-a").files[0], find("#compare-b").files[0]];
    if (files.includes(undefined)) {
      problem.textContent = "Choose two images.";
      return;
    }
    said.textContent = "compares…";
    try {
      const signal = new AbortController().signal;
      const [a, b] = await Promise.all(files.map((f) => upload(f, "", () => {}, signal)));
      const made = await ask("compare", { a, b });
      show(cards, files, made);
      table(find("[data-pair]"), ["Metric", "A and B"], made.pair);
      table(find("[data-each]"), ["Metric", "A", "B"], made.each);
      result.hidden = false;
    } catch (error) {
      result.hidden = true;
      problem.textContent = error.message + (error.hint ? ` ${error.hint}` : "");
    }
    said.textContent = "";
  });
}

async function show(cards, files, made) {
  await Promise.all([cards.a.show(made.a), cards.b.show(made.b), cards.difference.show(made.difference)]);
  cards.a.say(`${files[0].name}, ${made.shape}`);
  cards.b.say(`${files[1].name}, ${made.shape}`);
  cards.difference.say(made.most === 0 ? "The two are the same." : `White stands for a difference of ${made.most}, the largest between the two.`);
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
