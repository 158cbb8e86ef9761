/** A small button of a row: its visible text is short, its accessible name says which row it belongs to. */
import { Button } from "@mantine/core";

interface Props {
  readonly label: string;
  /** The row's name. */
  readonly subject: string;
  readonly busy?: boolean;
  readonly onClick: () => void;
}

export function RowButton({ label, subject, busy = false, onClick }: Props) {
  return (
    <Button size="xs" variant="default" aria-label={`${label}: ${subject}`} loading={busy} onClick={onClick}>
      {label}
    </Button>
  );
}
