// The switch "for research" of a page: schemes that are here to be measured and attacked.

import { make } from "./dom.js";

// researchSwitch fills a page's place for it, and returns what is chosen: {scheme, iterations}; with scheme "", the default.
// What is marked data-sealed belongs to the default only.
export function researchSwitch(page, schemes, { iterations: asks = false } = {}) {
  const name = page.id;
  const on = make("input", { type: "checkbox", id: `${name}-research` });
  const select = make("select", { id: `${name}-scheme` }, ...schemes.map((s) => make("option", { value: s.name }, s.name)));
  const count = make("input", { type: "number", id: `${name}-iterations`, min: 1, value: schemes[0].default, inputMode: "numeric" });
  const turns = make("div", {}, make("label", { htmlFor: count.id }, "Iterations of the cat map"), count);
  const warning = make("p", { class: "warning", role: "status" });
  const rest = make("div", { hidden: true }, make("div", { class: "tools" }, make("div", {}, make("label", { htmlFor: select.id }, "Scheme"), select), turns), warning);
  page.querySelector("[data-research]").append(make("label", {}, on, " For research: a scheme that does not protect"), rest);
  const current = () => schemes.find((s) => s.name === select.value);
  const show = () => {
    rest.hidden = !on.checked;
    for (const part of page.querySelectorAll("[data-sealed]")) part.hidden = on.checked;
    page.querySelectorAll(".card:not([data-sealed][hidden]) .number").forEach((n, i) => (n.textContent = i + 1));
    turns.hidden = !asks || !current().iterations;
    warning.textContent = on.checked ? `Warning: ${current().warning}. The key file is not encrypted: whoever has it opens the image.` : "";
  };
  on.addEventListener("change", show);
  select.addEventListener("change", show);
  show();
  return () => ({ scheme: on.checked ? select.value : "", iterations: on.checked && !turns.hidden ? Number(count.value) : 0 });
}
