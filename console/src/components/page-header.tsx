import { Box, Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { useWords } from "../language";
import { shell } from "../words";

interface Props {
  readonly title: string;
  readonly help?: ReactNode;
  /** Buttons at the end of the line. */
  readonly children?: ReactNode;
}

/** Heading of a view: sets the tab's title, and takes the focus when the view opens, so that screen readers start here. */
export function PageHeader({ title, help, children }: Props) {
  const { product } = useWords(shell);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  useEffect(() => {
    // A focused dialog or field keeps the focus.
    if (document.activeElement === document.body || document.activeElement?.closest("nav")) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <Box miw={0}>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: "none", overflowWrap: "anywhere" }}>
          {title}
        </Title>
        {help && (
          <Text c="dimmed" size="sm">
            {help}
          </Text>
        )}
      </Box>
      {children && <Group gap="xs">{children}</Group>}
    </Group>
  );
}
