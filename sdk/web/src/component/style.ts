/** Styles; pages override them by custom properties and `::part()`. */
export const STYLE = `
:host {
  --_accent: var(--openvod-accent, #0b57d0);
  --_on-accent: var(--openvod-on-accent, #fff);
  --_surface: var(--openvod-surface, #fff);
  --_text: var(--openvod-text, #1f1f1f);
  --_muted: var(--openvod-muted, #5a5a5a);
  --_border: var(--openvod-border, #767676);
  --_error: var(--openvod-error, #b3261e);
  --_radius: var(--openvod-radius, 8px);
  display: block; font: var(--openvod-font, 15px/1.5 system-ui, sans-serif); color: var(--_text);
}
:host([hidden]) { display: none }
* { box-sizing: border-box }
section { background: var(--_surface); border-radius: var(--_radius) }
.drop { border: 2px dashed var(--_border); border-radius: var(--_radius); padding: 1.5em; text-align: center }
.drop.over { border-color: var(--_accent); outline: 2px solid var(--_accent) }
button, .file {
  font: inherit; color: var(--_accent); background: none; border: 1px solid var(--_accent);
  border-radius: var(--_radius); padding: .3em .9em; cursor: pointer; min-height: 2em;
}
button.main { color: var(--_on-accent); background: var(--_accent) }
button:focus-visible, input:focus-visible, summary:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px }
ul { list-style: none; margin: 0; padding: 0 }
li { border-bottom: 1px solid var(--_border); padding: .8em 0 }
p { margin: 0 0 .3em }
.name { font-weight: 600; overflow-wrap: anywhere }
.status, .rest { color: var(--_muted); font-variant-numeric: tabular-nums }
.failed .status { color: var(--_error) }
.bar { height: 6px; border-radius: 3px; background: color-mix(in srgb, var(--_border) 30%, transparent); overflow: hidden; margin: .4em 0 }
.bar div { height: 100%; width: 0; background: var(--_accent) }
.buttons { display: flex; gap: .5em; flex-wrap: wrap }
.start { margin: 1em 0 }
details { margin: .4em 0 }
video, .thumb { max-width: 100%; max-height: 12em; display: block; border-radius: var(--_radius) }
input[type=range] { width: 100%; accent-color: var(--_accent) }
.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
[hidden] { display: none !important }
@media (prefers-reduced-motion: no-preference) { .bar div { transition: width .2s } }
`;
