import { Anchor, Text } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  readonly href: string;
  /** A second line that distinguishes rows of the same name. */
  readonly hint?: string;
  readonly children: ReactNode;
}

export function RowLink({ href, hint, children }: Props) {
  return (
    <div>
      <Anchor href={href} fw={500} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Anchor>
      {hint && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {hint}
        </Text>
      )}
    </div>
  );
}
