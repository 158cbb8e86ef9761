/** A small button in a row. Its accessible name includes the name of the row. */
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
