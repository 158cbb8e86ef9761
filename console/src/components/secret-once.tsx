/** Shows a secret that the server returns only once. */
import { Alert, Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { dictionary, useWords } from "../language";
import { states } from "../words";

const words = dictionary(
  {
    once: "This is shown only once. Copy it now and store it where only your app can read it.",
    noted: "I have saved it",
    copyOf: (what: string) => `Copy: ${what}`,
    copiedOf: (what: string) => `Copied: ${what}`,
    byHand: "The browser does not allow the page to copy. Select the text and copy it yourself.",
  },
  {
    once: "此内容只显示一次，请立即复制并妥善保存。",
    noted: "我已保存",
    copyOf: (what: string) => `复制：${what}`,
    copiedOf: (what: string) => `已复制：${what}`,
    byHand: "浏览器不允许页面复制，请选中文字手动复制。",
  },
);

export interface Secret {
  readonly title: string;
  /** Values by their labels. */
  readonly lines: Readonly<Record<string, string>>;
}

export function SecretOnce({ secret, onClose }: { readonly secret: Secret | null; readonly onClose: () => void }) {
  const t = useWords(words);
  const { close: closing } = useWords(states);
  if (!secret) return null;
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret.title}
      size="lg"
      centered
      // A click beside the dialog must not lose the secret.
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": closing }}
    >
      <Stack>
        <Alert color="yellow">{t.once}</Alert>
        {Object.entries(secret.lines).map(([label, value]) => (
          <Stack key={label} gap={4}>
            <Text size="sm" fw={600}>
              {label}
            </Text>
            <Group wrap="nowrap" align="flex-start" gap="xs">
              <Code
                block
                flex={1}
                miw={0}
                style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}
                data-secret={label}
              >
                {value}
              </Code>
              <CopyButton text={value} label={label} />
            </Group>
          </Stack>
        ))}
        <Button onClick={onClose} style={{ alignSelf: "flex-end" }}>
          {t.noted}
        </Button>
      </Stack>
    </Modal>
  );
}

/** Copies a text to the clipboard and shows whether the browser allowed it. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const t = useWords(words);
  const { copy, copied } = useWords(states);
  const [state, setState] = useState<"" | "copied" | "refused">("");
  const copyText = () =>
    // Without HTTPS, browsers have no clipboard API.
    Promise.resolve(navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"))).then(
      () => setState("copied"),
      () => setState("refused"),
    );
  return (
    <Stack gap={2} align="flex-end">
      <Button
        size="xs"
        variant="default"
        aria-label={state === "copied" ? t.copiedOf(label) : t.copyOf(label)}
        leftSection={state === "copied" ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
        onClick={copyText}
      >
        {state === "copied" ? copied : copy}
      </Button>
      <Text size="xs" role="status" maw={160}>
        {state === "refused" && t.byHand}
      </Text>
    </Stack>
  );
}
