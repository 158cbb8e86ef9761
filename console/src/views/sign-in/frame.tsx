import { Box, Center, Group, Paper, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useWords } from "../../language";
import { Preferences } from "../../layout/preferences";
import { shell } from "../../words";

interface Props {
  readonly title: string;
  readonly help: string;
  readonly children: ReactNode;
}

/** A page without navigation, for visitors who are not signed in. */
export function Frame({ title, help, children }: Props) {
  const { product } = useWords(shell);
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <Center component="main" mih="100dvh" p="md" bg="var(--openvod-surface)">
      <Box w="100%" maw={420}>
        <Group justify="space-between" mb="md">
          <Text fw={700}>{product}</Text>
          <Preferences />
        </Group>
        <Paper withBorder p="lg" radius="md">
          <Title order={1} size="h3" mb={4}>
            {title}
          </Title>
          <Text size="sm" c="dimmed" mb="md">
            {help}
          </Text>
          {children}
        </Paper>
      </Box>
    </Center>
  );
}
