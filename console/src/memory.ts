/** What a browser keeps of choices; without storage (private windows) choices last as long as the page. */
const PREFIX = "openvod.";

export function remembered(name: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Full or forbidden: the choice is not kept.
  }
}
