/** Which addresses lead to a view: filled by the routes, asked by views, so that neither imports the other in a circle. */
const known = new Set<string>();

export function announce(paths: Iterable<string>): void {
  for (const path of paths) known.add(path);
}

export function hasRoute(path: string): boolean {
  return known.has(path);
}
