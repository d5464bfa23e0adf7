// What the page asks of keygan. The session token lives in sessionStorage: this tab only, and no other page ever sends it.

const key = "keygan-session";

export class Failure extends Error {
  constructor(text, hint, status, refused) {
    super(text);
    this.hint = hint || "";
    this.refused = refused === true; // by what opens a pair
    this.status = status;
  }
}

// inWords is an error with its hint.
export const inWords = ({ message, hint }) => (hint ? `${message}. ${hint}` : message);

export const hasSession = () => sessionStorage.getItem(key) !== null;

// begin exchanges the launch token of the address, which then loses it, for a session.
export async function begin() {
  const launch = new URLSearchParams(location.hash.slice(1)).get("launch");
  if (launch === null) return;
  history.replaceState(null, "", location.pathname);
  const response = await fetch("/api/session", { method: "POST", body: JSON.stringify({ launch }) });
  if (response.ok) sessionStorage.setItem(key, (await response.json()).session);
}

const headersFor = (more) => ({ "X-Keygan-Session": sessionStorage.getItem(key) ?? "", ...more });

async function failure(response) {
  const told = await response.json().catch(() => ({}));
  if (response.status === 403) sessionStorage.removeItem(key);
  return new Failure(told.error || `keygan answered ${response.status}`, told.hint, response.status, told.refused);
}

async function post(action, body, { headers, signal, keepalive } = {}) {
  let response;
  try {
    response = await fetch("/api/" + action, { method: "POST", headers: headersFor(headers), body, signal, keepalive });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("keygan no longer answers", "Start keygan serve again.");
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export const ask = async (action, question = {}, options) => (await post(action, JSON.stringify(question), options)).json();

// tell sends secrets, texts or bytes, each after its length. They are zeroed here as far as a browser lets us.
export async function tell(action, ...parts) {
  const all = parts.map((p) => (typeof p === "string" ? new TextEncoder().encode(p) : p));
  const body = new Uint8Array(all.reduce((n, p) => n + 4 + p.length, 0));
  let at = 0;
  for (const part of all) {
    new DataView(body.buffer).setUint32(at, part.length);
    body.set(part, at + 4);
    at += 4 + part.length;
  }
  try {
    return await (await post(action, body)).json();
  } finally {
    body.fill(0);
  }
}

const nameOf = (file, folder) => ({
  "X-Keygan-Name": encodeURIComponent(file.name),
  "X-Keygan-Folder": encodeURIComponent(folder),
  "X-Keygan-Modified": String(file.lastModified),
});

// upload streams a file from the disk; the page never holds it. progress gets a share from 0 to 1.
export function upload(file, folder, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/upload");
    for (const [name, value] of Object.entries(headersFor(nameOf(file, folder)))) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (e) => e.lengthComputable && progress(e.loaded / e.total));
    request.addEventListener("load", () => {
      if (request.status === 200) resolve(request.response.id);
      else reject(new Failure(request.response?.error || `keygan answered ${request.status}`, request.response?.hint, request.status));
    });
    request.addEventListener("error", () =>
      reject(new Failure(`${file.name}: it could not be sent`, "Is the file still there, and does keygan still run?")));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new DOMException("cancelled", "AbortError"));
    else request.send(file);
  });
}

const picture = async (response) => URL.createObjectURL(await (await response).blob());

// preview, inWindow and lookAt give addresses of small pictures: of a file of the user's, as it comes or in another window, and of one that
// keygan holds.
export const preview = (file) => picture(post("thumbnail", file, { headers: { ...nameOf(file, ""), "X-Keygan-Side": "120" } }));
export const inWindow = (file, side, center, width) => picture(post("thumbnail", file, { headers: { ...nameOf(file, ""), "X-Keygan-Side": String(side), "X-Keygan-Window": `${center} ${width}` } }));
export const lookAt = (id) => picture(post("picture", JSON.stringify({ id }), { headers: { "X-Keygan-Side": "120" } }));

// sampleOf gives the address of the picture of a run's epoch.
export const sampleOf = (name, epoch) => picture(post("sample", JSON.stringify({ name, epoch })));

// save has the browser save one result, or several in an archive.
export async function save(ids, zip = "") {
  const { url } = await ask("ticket", { ids, zip });
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

export const discard = (ids) => (ids.length > 0 ? ask("discard", { ids }, { keepalive: true }).catch(() => {}) : undefined);

// stayAlive tells keygan that this tab is open, until the answer ends.
export async function stayAlive(gone) {
  try {
    const reader = (await post("alive", "{}")).body.getReader();
    while (!(await reader.read()).done);
  } catch {
    // as if it had ended
  }
  gone();
}
