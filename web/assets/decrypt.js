// The page Decrypt.

import { ask, discard, tell, upload } from "./api.js";
import { takeFiles } from "./files.js";
import { size } from "./dom.js";
import { Work } from "./work.js";

export function decryptPage(page, isPicture) {
  const find = (what) => page.querySelector(what);
  const work = new Work(find("[data-work]"), { doing: "decrypting", done: "decrypted", zip: "decrypted.zip", pictures: isPicture });
  const identity = find("#identity"), problem = find("[data-problem]");
  const chosen = (name) => find(`input[name=${name}]:checked`).value;
  let keyFiles = [], identityFile = null, opened = Promise.resolve([]); // the keys that keygan holds

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
      const by = chosen("with");
      const secret = by === "identity" ? identity.value.trim() || identityFile : "";
      if (secret === null) throw new Error("Paste your identity, or choose its file.");
      const { id } = await tell("identities", secret, by === "identity" ? find("#unlock").value : "", by === "passphrase" ? find("#opens").value : "");
      const before = opened;
      if (work.count("queued", "running") === 0) before.then(discard, () => {});
      const keys = (opened = openKeys(keyFiles, id));
      const into = chosen("decrypt-into") === "yes";
      work.start((row) => decryptOne(row, keys, into));
    } catch (error) {
      problem.textContent = error.message + (error.hint ? ` ${error.hint}` : "");
    }
  });
}

const starts = ["age-encryption.org/", "-----BEGIN AGE ENCRYPTED", '{"header":'];

async function isKeyFile(file) {
  if (file.size > 1 << 20) return false;
  const start = await file.slice(0, 32).text();
  return starts.some((s) => start.startsWith(s));
}

// openKeys opens all key files. Those that do not open are missed only by the images that need them.
async function openKeys(files, identities) {
  const keys = [];
  let first = null;
  for (const file of files) {
    try {
      const id = await upload(file, "", () => {}, new AbortController().signal);
      keys.push((await ask("key", { file: id, identities })).id);
    } catch (error) {
      first ??= error;
    }
  }
  discard([identities]);
  if (keys.length === 0) throw first;
  return keys;
}

async function decryptOne(row, opened, into) {
  const signal = row.stop.signal;
  row.said.textContent = "opens the key files…";
  const keys = await opened;
  const file = await upload(row.file, row.folder, (share) => row.progress(share, "decrypts…"), signal);
  const made = await ask("decrypt", { file, keys, into }, { signal });
  const said = into ? `written: ${made.file.name}` : `${made.file.name}, ${size(made.file.size)}`;
  return {
    results: [{ ...made.file, label: "file" }],
    said: made.comment ? `${said} (${made.comment})` : said,
    shown: made.file,
  };
}
