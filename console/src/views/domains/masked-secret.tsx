import { Button, Code, Group, Text } from "@mantine/core";
import { useState } from "react";
import { CopyButton } from "../../components/secret-once";
import { useWords } from "../../language";
import { words } from "./words";

/** A secret, masked until the user shows it. */
export function MaskedSecret({ label, value }: { readonly label: string; readonly value: string }) {
  const t = useWords(words);
  const [shown, setShown] = useState(false);
  return (
    <Group gap="xs">
      <Text size="sm">{label}</Text>
      <Code style={{ overflowWrap: "anywhere" }}>{shown ? value : "••••••••"}</Code>
      <Button
        size="xs"
        variant="subtle"
        aria-label={`${shown ? t.hide : t.show}: ${label}`}
        onClick={() => setShown(!shown)}
      >
        {shown ? t.hide : t.show}
      </Button>
      <CopyButton text={value} label={label} />
    </Group>
  );
}
