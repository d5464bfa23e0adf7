// The page Decrypt.

import { ask, discard, inWords, tell, upload } from "./api.js";
import { takeFiles } from "./files.js";
import { size } from "./dom.js";
import { researchSwitch } from "./research.js";
import { Work } from "./work.js";

export function decryptPage(page, isPicture, schemes) {
  const find = (what) => page.querySelector(what);
  const work = new Work(find("[data-work]"), {
    doing: "decrypting", done: "decrypted", zip: "decrypted.zip", pictures: isPicture, begin: (some) => begin(some), counted: () => showKeys(),
  });
  const identity = find("#identity"), problem = find("[data-problem]");
  const chosen = (name) => find(`input[name=${name}]:checked`).value;
  let keyFiles = [], identityFile = null, opened = Promise.resolve({ keys: [] }); // that keygan holds
  let latest = null; // what the form said when the work was last begun; null: it has changed since

  const research = researchSwitch(page, schemes);
  takeFiles(page, async (files) => {
    const images = [];
    problem.textContent = "";
    latest = null;
    for (const f of files) {
      if (await isKeyFile(f.file)) keyFiles.push(f.file);
      else images.push(f);
    }
    work.add(images);
  });
  const many = (n, what) => (n === 1 ? `1 ${what}` : `${n} ${what}s`);
  const showKeys = () => (find("[data-keys]").textContent = keyFiles.length + work.rows.length === 0 ? "" : `${many(work.rows.length, "file")}, ${many(keyFiles.length, "key file")}`);
  work.clearAll.addEventListener("click", () => (keyFiles = []));
  find("[data-identity-file]").addEventListener("change", async (e) => {
    const [file] = e.target.files;
    latest = null;
    problem.textContent = file && file.size >= 1 << 18 ? `${file.name}: too large for an identity file.` : "";
    if (file && file.size < 1 << 18) {
      identityFile = new Uint8Array(await file.arrayBuffer()); // which may be encrypted
      identity.value = "";
      find("#identity-file").textContent = `Identity file: ${file.name}`;
    }
    e.target.value = "";
  });

  find("form").addEventListener("input", () => {
    latest = null;
    problem.textContent = "";
  });

  const begin = async (some) => {
    problem.textContent = "";
    try {
      if (work.rows.length === 0) throw new Error("Choose cipher images first.");
      if (keyFiles.length === 0) throw new Error("Choose the key files that belong to them as well: X.key.age beside X.cipher.png.");
      if (latest) return work.start(some, latest); // the keys are open
      const by = chosen("with"), { scheme } = research();
      const secret = by === "identity" ? identity.value.trim() || identityFile : "";
      if (scheme === "" && secret === null) throw new Error("Paste your identity, or choose its file.");
      if (scheme === "" && by === "passphrase" && find("#opens").value === "") throw new Error("Type the passphrase.");
      const { id } = scheme !== "" ? { id: "" } : await tell("identities", secret, by === "identity" ? find("#unlock").value : "", by === "passphrase" ? find("#opens").value : "");
      const before = opened;
      if (work.count("queued", "running") === 0) before.then(({ keys }) => discard(keys), () => {});
      const keys = (opened = openKeys(keyFiles, id, scheme !== "", by));
      opened.catch(() => (latest = null));
      const into = chosen("decrypt-into") === "yes";
      latest = (row) => decryptOne(row, keys, into, scheme);
      work.start(some, latest);
    } catch (error) {
      problem.textContent = inWords(error);
    }
  };
  find("form").addEventListener("submit", (e) => {
    e.preventDefault();
    begin();
  });
}

const starts = ["age-encryption.org/", "-----BEGIN AGE ENCRYPTED", '{"header":'];

async function isKeyFile(file) {
  const start = await file.slice(0, 32).text();
  if (file.name.toLowerCase().endsWith(".key.npz") && start.startsWith("PK\x03\x04")) return true; // of a scheme for research, as large as its image
  if (file.size > 1 << 20) return false;
  return starts.some((s) => start.startsWith(s));
}

// openKeys opens all key files. Those that do not open are missed only by the images that need them; closed(name) says why, for one image.
async function openKeys(files, identities, research, by) {
  const keys = [], shut = [];
  let first = null;
  for (const file of files) {
    try {
      const id = await upload(file, "", () => {}, new AbortController().signal);
      keys.push((await ask("key", { file: id, identities, research })).id);
    } catch (error) {
      first ??= error;
      if (error.refused) shut.push(file);
    }
  }
  if (!research) discard([identities]);
  if (keys.length === 0) throw shut.length > 0 ? new Error(await whyClosed(shut, by)) : first;
  const closed = async (name) => {
    const own = shut.filter((f) => f.name === name.replace(/\.cipher\.png$/, ".key.age"));
    if (own.length > 0) return whyClosed(own, by);
    return `None of the key files that opened belongs to it, or one of the two was changed or damaged. ${shut.length === 0 ? "" : await whyClosed(shut, by)}`;
  };
  return { keys, closed };
}

// whyClosed says which key files a secret does not open. A key file shows whether a passphrase opens it.
async function whyClosed(files, by) {
  const secret = by === "identity" ? "identity" : "passphrase";
  const text = `This ${secret} does not open ${files.slice(0, 3).map((f) => f.name).join(", ")}${files.length > 3 ? ` and ${files.length - 3} more` : ""}.`;
  const starts = await Promise.all(files.map((f) => f.slice(0, 32).text()));
  const byPassphrase = (s) => s.startsWith("age-encryption.org/v1\n-> scrypt ");
  if (by === "identity" && starts.every(byPassphrase)) return `${text} Only a passphrase does.`;
  if (by === "passphrase" && starts.every((s) => s.startsWith("age-encryption.org/v1\n") && !byPassphrase(s))) return `${text} Only an identity does.`;
  return `${text} It is not the right one, or the file is damaged.`;
}

async function decryptOne(row, opened, into, scheme) {
  const signal = row.stop.signal;
  row.said.textContent = "opening the key files…";
  const { keys, closed } = await opened;
  const file = await upload(row.file, row.folder, (share) => row.progress(share, "decrypting…"), signal);
  const made = await ask("decrypt", { file, keys, into, scheme }, { signal }).catch(async (error) => {
    throw error.refused && scheme === "" ? new Error(await closed(row.file.name)) : error;
  });
  const said = into ? `written: ${made.file.name}` : `${made.file.name}, ${size(made.file.size)}`;
  return {
    results: [{ ...made.file, label: "file" }],
    said: made.comment ? `${said} (${made.comment})` : said,
    shown: made.file,
  };
}
