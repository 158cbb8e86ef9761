/** A small button of a row: its visible text is short, its name says which row it belongs to. */
import { Button } from "@mantine/core";

interface Props {
  readonly text: string;
  /** What the deed is done to. */
  readonly of: string;
  readonly busy?: boolean;
  readonly act: () => void;
}

export function RowButton({ text, of, busy = false, act }: Props) {
  return (
    <Button size="xs" variant="default" aria-label={`${text}: ${of}`} loading={busy} onClick={act}>
      {text}
    </Button>
  );
}
