import { Badge } from "@mantine/core";

interface Props {
  readonly on: boolean;
  /** The view's texts for both states. */
  readonly t: { readonly on: string; readonly off: string };
}

/** Whether something is switched on, as text. The colour adds no information. */
export function OnOffBadge({ on, t }: Props) {
  return (
    <Badge variant="dot" color={on ? "green" : "gray"}>
      {on ? t.on : t.off}
    </Badge>
  );
}
