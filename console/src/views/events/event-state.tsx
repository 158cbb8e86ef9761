import { Badge } from "@mantine/core";
import { useWords } from "../../language";
import { words } from "./words";

const COLOURS: Readonly<Record<string, string>> = { dead: "red", pending: "blue", delivered: "green" };
const KNOWN = ["dead", "pending", "delivered", "skipped", "held", "queued"] as const;

export function EventState({ state }: { readonly state: string }) {
  const said = useWords(words);
  const known = KNOWN.find((each) => each === state);
  return (
    <Badge variant="dot" color={COLOURS[state] ?? "gray"}>
      {known ? said[known] : state}
    </Badge>
  );
}
