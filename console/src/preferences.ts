/** Preferences in `localStorage`; without storage (private windows) they are lost when the page closes. */
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
    // Storage is full or forbidden: the preference is not stored.
  }
}
