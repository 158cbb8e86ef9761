/** Create an element. Strings become text nodes, never markup: file names are not trusted. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Make a button that says `label`. */
export function button(label: string, part: string, onClick: () => void): HTMLButtonElement {
  const made = make("button", { type: "button", part: `button ${part}` }, label);
  made.addEventListener("click", onClick);
  return made;
}
