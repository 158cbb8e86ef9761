import { Badge } from "@mantine/core";

interface Props {
  readonly on: boolean;
  /** The view's words for both states. */
  readonly t: { readonly on: string; readonly off: string };
}

/** Whether something is switched on, in words; the colour only repeats it. */
export function OnOffBadge({ on, t }: Props) {
  return (
    <Badge variant="dot" color={on ? "green" : "gray"}>
      {on ? t.on : t.off}
    </Badge>
  );
}
