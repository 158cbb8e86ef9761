/** Program text: commands, logs, JSON. Long lines wrap; long texts scroll, by keyboard too. */
import { Code, Group, Text } from "@mantine/core";
import { CopyButton } from "./secret-once";

interface Props {
  readonly label: string;
  readonly text: string;
  readonly maxHeight?: number;
}

export function CodeBlock({ label, text, maxHeight = 320 }: Props) {
  return (
    <section aria-label={label}>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <CopyButton text={text} label={label} />
      </Group>
      <Code
        block
        tabIndex={0}
        mah={maxHeight}
        style={{ overflow: "auto", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}
      >
        {text}
      </Code>
    </section>
  );
}

export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
