// The start of the page: the session, the pages and what they share.

import { ask, begin, hasSession, stayAlive } from "./api.js";
import { comparePage } from "./compare.js";
import { decryptPage } from "./decrypt.js";
import { encryptPage } from "./encrypt.js";
import { labPage } from "./lab.js";
import { runsPage } from "./runs.js";

const pages = ["encrypt", "decrypt", "lab", "compare", "runs"];
let lab, runs;

function show() {
  const name = pages.find((p) => location.hash === "#" + p) ?? pages[0];
  for (const page of pages) document.getElementById(page).hidden = page !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === "#" + name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (name === "lab") lab.first();
  runs.follow();
  document.title = `${document.querySelector(`#${name} h1`).textContent} · keygan`;
}

function away(why, title) {
  for (const page of pages) document.getElementById(page).hidden = true;
  document.querySelector("nav").hidden = true;
  if (title) document.querySelector("#away h1").textContent = title;
  if (why) document.getElementById("away-why").textContent = why;
  document.getElementById("away").hidden = false;
}

// choices shows the fields that belong to the radio button that is chosen.
function choices(name, attribute) {
  for (const radio of document.querySelectorAll(`input[name=${name}]`)) {
    radio.addEventListener("change", () => {
      for (const part of document.querySelectorAll(`[data-${attribute}]`)) part.hidden = part.dataset[attribute] !== radio.value;
    });
  }
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.textContent = shown ? "Show" : "Hide";
  });
}

async function main() {
  await begin();
  if (!hasSession()) return away();
  let state;
  try {
    state = await ask("state");
  } catch (error) {
    return away(error.status === 403 ? "" : error.message);
  }
  stayAlive(() => away("What was not saved is gone. Start keygan serve again.", "keygan has ended"));
  document.querySelector("[data-version]").textContent = `keygan ${state.version}, on this machine only`;
  for (const part of document.querySelectorAll("[data-where]")) part.hidden = state.folder === "";
  for (const part of document.querySelectorAll("[data-folder]")) part.textContent = state.folder;
  const isPicture = (file) => file.size <= state.preview && state.pictures.some((e) => file.name.toLowerCase().endsWith(e));
  encryptPage(document.getElementById("encrypt"), isPicture, state.schemes);
  decryptPage(document.getElementById("decrypt"), isPicture, state.schemes);
  comparePage(document.getElementById("compare"));
  lab = labPage(document.getElementById("lab"), state);
  runs = runsPage(document.getElementById("runs"), state.runs);
  choices("who", "who");
  choices("with", "with");
  document.querySelectorAll("[data-reveal]").forEach(reveal);
  addEventListener("hashchange", show);
  show();
}

main();
