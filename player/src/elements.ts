import { type Icon, setIcon } from "./icons";

/** Create an element with a class. */
export function element<K extends keyof HTMLElementTagNameMap>(name: K, kind: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.className = kind;
  return made;
}

/** Create a button with an icon, a label and a tooltip. */
export function button(kind: string, icon: Icon, label: string, act: () => void): HTMLButtonElement {
  const made = element("button", kind);
  made.type = "button";
  setIcon(made, icon);
  relabel(made, label);
  made.addEventListener("click", act);
  return made;
}

export function relabel(target: HTMLElement, label: string): void {
  target.setAttribute("aria-label", label);
  target.title = label;
}

/** Create a slider from 0 to 1. */
export function slider(kind: string, label: string, step: number): HTMLInputElement {
  const made = element("input", kind);
  made.type = "range";
  made.min = "0";
  made.max = "1";
  made.step = String(step);
  made.value = "0";
  made.setAttribute("aria-label", label);
  return made;
}

/** Fill a menu; hide it if it has fewer than two choices. */
export function fill(menu: HTMLSelectElement, choices: ReadonlyArray<[string, string]>, chosen: string): void {
  menu.replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === chosen)));
  menu.hidden = choices.length < 2;
}

/** Format seconds as m:ss or h:mm:ss. */
export function clock(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
