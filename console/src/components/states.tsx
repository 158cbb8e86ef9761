/** Placeholders for data that is loading and for empty lists. */
import { Center, Loader, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useWords } from "../language";
import { states } from "../words";

export function Loading({ tall = false }: { readonly tall?: boolean }) {
  const t = useWords(states);
  return (
    <Center mih={tall ? "60vh" : 160} role="status" aria-label={t.loading}>
      <Loader size="md" />
    </Center>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly help?: string;
  readonly children?: ReactNode;
}

export function Empty({ title, help, children }: EmptyProps) {
  return (
    <Center mih={200} p="md">
      <Stack align="center" gap="xs" maw={420}>
        <ThemeIcon variant="light" size="xl" radius="xl" aria-hidden>
          <IconInbox />
        </ThemeIcon>
        <Text fw={600} ta="center">
          {title}
        </Text>
        {help && (
          <Text size="sm" c="dimmed" ta="center">
            {help}
          </Text>
        )}
        {children}
      </Stack>
    </Center>
  );
}
