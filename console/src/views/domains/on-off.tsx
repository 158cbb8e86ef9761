import { Badge } from "@mantine/core";
import { useWords } from "../../language";
import type { Status } from "./model";
import { words } from "./words";

export function OnOff({ status }: { readonly status: Status }) {
  const said = useWords(words);
  const on = status === "Enabled";
  return (
    <Badge variant="dot" color={on ? "green" : "gray"}>
      {on ? said.on : said.off}
    </Badge>
  );
}
