// The page Decrypt.

import { ask, discard, tell, upload } from "./api.js";
import { takeFiles } from "./files.js";
import { size } from "./dom.js";
import { researchSwitch } from "./research.js";
import { Work } from "./work.js";

export function decryptPage(page, isPicture, schemes) {
  const find = (what) => page.querySelector(what);
  const work = new Work(find("[data-work]"), { doing: "decrypting", done: "decrypted", zip: "decrypted.zip", pictures: isPicture });
  const identity = find("#identity"), problem = find("[data-problem]");
  const chosen = (name) => find(`input[name=${name}]:checked`).value;
  let keyFiles = [], identityFile = null, opened = Promise.resolve([]); // the keys that keygan holds

  const research = researchSwitch(page, schemes);
  takeFiles(page, async (files) => {
    const images = [];
    for (const f of files) {
      if (await isKeyFile(f.file)) keyFiles.push(f.file);
      else images.push(f);
    }
    work.add(images);
    showKeys();
  });
  const showKeys = () => (find("[data-keys]").textContent = keyFiles.length === 0 ? "" : keyFiles.length === 1 ? "1 key file" : `${keyFiles.length} key files`);
  work.clearAll.addEventListener("click", () => {
    keyFiles = [];
    showKeys();
  });
  find("[data-identity-file]").addEventListener("change", async (e) => {
    const [file] = e.target.files;
    if (file && file.size < 1 << 18) {
      identityFile = new Uint8Array(await file.arrayBuffer()); // which may be encrypted
      identity.value = "";
      find("#identity-file").textContent = `Identity file: ${file.name}`;
    }
    e.target.value = "";
  });

  find("form").addEventListener("submit", async (e) => {
    e.preventDefault();
    problem.textContent = "";
    try {
      if (work.rows.length === 0) throw new Error("Choose cipher images first.");
      if (keyFiles.length === 0) throw new Error("Choose the key files that belong to them as well: X.key.age beside X.cipher.png.");
      const by = chosen("with"), { scheme } = research();
      const secret = by === "identity" ? identity.value.trim() || identityFile : "";
      if (scheme === "" && secret === null) throw new Error("Paste your identity, or choose its file.");
      const { id } = scheme !== "" ? { id: "" } : await tell("identities", secret, by === "identity" ? find("#unlock").value : "", by === "passphrase" ? find("#opens").value : "");
      const before = opened;
      if (work.count("queued", "running") === 0) before.then(discard, () => {});
      const keys = (opened = openKeys(keyFiles, id, scheme !== ""));
      const into = chosen("decrypt-into") === "yes";
      work.start((row) => decryptOne(row, keys, into, scheme));
    } catch (error) {
      problem.textContent = error.message + (error.hint ? ` ${error.hint}` : "");
    }
  });
}

const starts = ["age-encryption.org/", "-----BEGIN AGE ENCRYPTED", '{"header":'];

async function isKeyFile(file) {
  const start = await file.slice(0, 32).text();
  if (file.name.toLowerCase().endsWith(".key.npz") && start.startsWith("PK\x03\x04")) return true; // of a scheme for research, as large as its image
  if (file.size > 1 << 20) return false;
  return starts.some((s) => start.startsWith(s));
}

// openKeys opens all key files. Those that do not open are missed only by the images that need them.
async function openKeys(files, identities, research) {
  const keys = [];
  let first = null;
  for (const file of files) {
    try {
      const id = await upload(file, "", () => {}, new AbortController().signal);
      keys.push((await ask("key", { file: id, identities, research })).id);
    } catch (error) {
      first ??= error;
    }
  }
  if (!research) discard([identities]);
  if (keys.length === 0) throw first;
  return keys;
}

async function decryptOne(row, opened, into, scheme) {
  const signal = row.stop.signal;
  row.said.textContent = "opens the key files…";
  const keys = await opened;
  const file = await upload(row.file, row.folder, (share) => row.progress(share, "decrypts…"), signal);
  const made = await ask("decrypt", { file, keys, into, scheme }, { signal });
  const said = into ? `written: ${made.file.name}` : `${made.file.name}, ${size(made.file.size)}`;
  return {
    results: [{ ...made.file, label: "file" }],
    said: made.comment ? `${said} (${made.comment})` : said,
    shown: made.file,
  };
}
