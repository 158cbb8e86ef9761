import { Badge } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useWords } from "../../language";
import { eventWords } from "../../vocabulary";

type Standing = Schemas["EventStanding"] | Schemas["DeliveryStanding"];
const COLOURS: Partial<Record<Standing, string>> = {
  dead: "red",
  pending: "blue",
  delivered: "green",
  disabled: "orange",
  no_receiver: "orange",
  no_address: "orange",
};

export function EventState({ state }: { readonly state: Standing }) {
  const t = useWords(eventWords);
  return (
    <Badge variant="dot" color={COLOURS[state] ?? "gray"}>
      {t[state]}
    </Badge>
  );
}
