/** Choices that the browser keeps; without storage (private windows) they last as long as the page. */
const PREFIX = "openvod.";

export function loadPreference(name: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

export function savePreference(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is full or forbidden: the choice is not kept.
  }
}
