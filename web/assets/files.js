// Files that the user drops or chooses: alone or in folders.

// chosen lists what was chosen with a button: [{file, folder}].
const chosen = (input) => [...input.files].map((file) => ({ file, folder: parent(file.webkitRelativePath) }));

const parent = (path) => path.split("/").slice(0, -1).join("/");

// dropped lists what was dropped, with all that is in folders.
async function dropped(items) {
  const entries = [...items].filter((i) => i.kind === "file").map((i) => i.webkitGetAsEntry?.() ?? i.getAsFile());
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry === null) return;
  if (entry instanceof File) found.push({ file: entry, folder: "" });
  else if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, folder: parent(entry.fullPath.slice(1)) });
  } else {
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const e of some) await walk(e, found);
    }
  }
}

// takeFiles calls take with whatever comes into the drop area of a page or through its buttons.
export function takeFiles(page, take) {
  const area = page.querySelector("[data-drop]");
  for (const input of page.querySelectorAll("[data-files]")) {
    input.addEventListener("change", () => {
      take(chosen(input));
      input.value = ""; // so that the same file can be chosen again
    });
  }
  const over = (on) => (e) => {
    e.preventDefault();
    area.classList.toggle("over", on);
  };
  area.addEventListener("dragenter", over(true));
  area.addEventListener("dragover", over(true));
  area.addEventListener("dragleave", over(false));
  area.addEventListener("drop", async (e) => {
    over(false)(e);
    take(await dropped(e.dataTransfer.items));
  });
}

// A file that is dropped beside the area must not replace the page.
for (const event of ["dragover", "drop"]) addEventListener(event, (e) => e.preventDefault());
