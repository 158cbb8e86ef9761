const SHAPES = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  sound: "M4 9v6h4l5 4V5L8 9zM15.5 8.5a5 5 0 0 1 0 7l1.4 1.4a7 7 0 0 0 0-9.8z",
  silent:
    "M4 9v6h4l5 4V5L8 9zM15 10.4l1.4-1.4 2.1 2.1L20.6 9 22 10.4 19.9 12.500 22 14.600 20.600 16l-2.100-2.100-2.100 2.100L15 14.600l2.100-2.100z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
};

export type Icon = keyof typeof SHAPES;

const SVG = "http://www.w3.org/2000/svg";

/** Set the icon of a button. */
export function setIcon(button: HTMLButtonElement, icon: Icon): void {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[icon]);
  svg.append(path);
  button.replaceChildren(svg);
}
