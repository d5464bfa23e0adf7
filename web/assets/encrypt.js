// The page Encrypt.

import { ask, inWords, save, tell, upload } from "./api.js";
import { takeFiles } from "./files.js";
import { size } from "./dom.js";
import { researchSwitch } from "./research.js";
import { Work } from "./work.js";

export function encryptPage(page, isPicture, schemes) {
  const find = (what) => page.querySelector(what);
  const recipients = find("#recipients"), passphrase = find("#passphrase"), problem = find("[data-problem]");
  const work = new Work(find("[data-work]"), {
    doing: "encrypting", done: "encrypted", zip: "encrypted.zip", pictures: isPicture, begin: (some) => begin(some),
    advice: ". Whoever opens a file needs both its cipher image and its key file.",
    counted: (n, bytes) => (find("[data-count]").textContent = n === 0 ? "" : `${n === 1 ? "1 file" : `${n} files`}, ${size(bytes)}`),
  });
  const chosen = (name) => find(`input[name=${name}]:checked`).value;

  const research = researchSwitch(page, schemes, { iterations: true });
  takeFiles(page, (files) => {
    problem.textContent = "";
    work.add(files);
  });
  passphrase.addEventListener("input", () => (find("#strength").textContent = strength(passphrase.value)));
  find("[data-recipients-file]").addEventListener("change", async (e) => {
    const [file] = e.target.files;
    e.target.value = "";
    if (!file) return;
    const found = file.size < 1 << 20 ? recipientsIn(await file.text()) : "";
    problem.textContent = found === "" ? `${file.name}: no recipients are in this file.` : "";
    add(recipients, found);
  });
  makeIdentities(page, recipients, problem);

  const begin = async (some) => {
    problem.textContent = "";
    try {
      if (work.rows.length === 0) throw new Error("Choose the files to encrypt first.");
      const into = chosen("encrypt-into") === "yes", how = research();
      if (how.scheme !== "") return work.start(some, (row) => encryptOne(row, { to: "", into, hide: false, ...how }));
      const byPassphrase = chosen("who") === "passphrase";
      if (!byPassphrase && recipients.value.trim() === "") throw new Error("Say who can open it: paste a recipient, or make a new identity.");
      const to = (await tell("recipients", byPassphrase ? "" : recipients.value, byPassphrase ? passphrase.value : "")).id;
      const hide = find("#hide-names").checked;
      work.start(some, (row) => encryptOne(row, { to, into, hide, ...how }));
    } catch (error) {
      problem.textContent = inWords(error);
    }
  };
  find("form").addEventListener("input", () => (problem.textContent = ""));
  find("form").addEventListener("submit", (e) => {
    e.preventDefault();
    begin();
  });
}

async function encryptOne(row, how) {
  const signal = row.stop.signal;
  const file = await upload(row.file, row.folder, (share) => row.progress(share, "encrypting…"), signal);
  const made = await ask("encrypt", { file, ...how }, { signal });
  const said = how.into ? `written: ${made.image.name} and its key file` : `${how.hide ? `${made.image.name}, ` : ""}${size(made.image.size)}, with a key file`;
  return {
    results: [{ ...made.image, label: "image" }, { ...made.key, label: "key" }],
    said: made.comment ? `${said}. ${made.comment}` : said,
    shown: made.image,
  };
}

// makeIdentities has a button make an identity, which the user must save.
function makeIdentities(page, recipients, problem) {
  const note = page.querySelector("[data-identity-note]");
  let file;
  page.querySelector("[data-new-identity]").addEventListener("click", async () => {
    try {
      const made = await tell("identity", "");
      file = made.file;
      add(recipients, made.recipient);
      page.querySelector("[data-identity-name]").textContent = file.name;
      note.hidden = false;
      page.querySelector("[data-identity-save]").focus();
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  page.querySelector("[data-identity-save]").addEventListener("click", () => save([file.id]).catch((e) => (problem.textContent = e.message)));
}

function add(area, text) {
  if (text === "") return;
  area.value = (area.value.trim() === "" ? "" : area.value.trim() + "\n") + text.trim() + "\n";
  area.scrollTop = area.scrollHeight;
}

// recipientsIn returns the recipients in a file, "" for none. Of an identity file, which is secret, it takes the public key in the comment.
function recipientsIn(text) {
  if (/AGE-SECRET-KEY-/i.test(text)) return [...text.matchAll(/^# public key: (age1\S+)/gm)].map((m) => m[1]).join("\n");
  return /PRIVATE KEY-----|^age-encryption\.org\//.test(text) ? "" : text;
}

// strength says what a passphrase is worth. It knows no word list, so it is a hint and no more.
function strength(text) {
  if (text === "") return "";
  const words = text.trim().split(/\s+/).length;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((k) => k.test(text)).length;
  const different = new Set(text).size;
  if (different < 5 || text.length < 8) return "Very weak: a program guesses it at once.";
  if (text.length < 12 || (words < 4 && kinds < 2)) return "Weak. Five or six random words are better, and easier to keep in mind.";
  if (words < 5 && text.length < 16) return "Fair, if it is random. A name or a quotation is not.";
  return "Good, if it is random and used nowhere else.";
}
