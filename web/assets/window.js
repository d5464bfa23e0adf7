// The sliders for the window of a file of more than 8 bits: which values become grey levels. They are rescaled ones in DICOM, else stored ones.

import { button, make } from "./dom.js";

// windowSliders fills a place. moved(center, width) is called when the user has moved one, own() for the file's own window. It returns a
// function that shows the sliders for a window {center, width, low, high}, or hides them if there is none.
export function windowSliders(place, name, moved, own) {
  const slider = (what) => {
    const input = make("input", { id: `${name}-${what.toLowerCase()}`, type: "range" }), output = make("output", { htmlFor: input.id });
    place.append(make("div", {}, make("label", { htmlFor: input.id }, `${what}: `, output), input));
    input.addEventListener("input", tell);
    input.addEventListener("change", () => moved(Number(level.value), Number(width.value)));
    input.output = output;
    return input;
  };
  const tell = () => [level, width].forEach((input) => (input.output.textContent = input.value));
  const level = slider("Level"), width = slider("Width");
  let first = null;
  const show = (window) => {
    first = window;
    place.hidden = !window;
    if (!window) return;
    const [low, high] = [Math.floor(window.low), Math.ceil(window.high)];
    Object.assign(level, { min: low, max: high, value: window.center });
    Object.assign(width, { min: 1, max: Math.max(high - low + 1, Math.ceil(window.width)), value: window.width });
    tell();
  };
  place.append(button("The file's own window", () => {
    show(first);
    own();
  }));
  return show;
}
