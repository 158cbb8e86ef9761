import { OnOffBadge } from "../../components/on-off-badge";
import { useWords } from "../../language";
import type { Status } from "./model";
import { words } from "./words";

export function StatusBadge({ status }: { readonly status: Status }) {
  const t = useWords(words);
  return <OnOffBadge on={status === "Enabled"} t={t} />;
}
