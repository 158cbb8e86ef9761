/** Chooses the template of a step, by name. */
import { NativeSelect } from "@mantine/core";
import type { Place } from "../../forms/schema-form";
import { labels } from "../../forms/words";
import { useWords } from "../../language";
import type { Kind, TemplateRow } from "../templates/kinds";
import { useTemplates } from "../templates/queries";
import { words } from "./words";

interface Props {
  readonly kind: Kind;
  readonly place: Place;
  readonly error: string | undefined;
}

export function TemplateSelect({ kind, place, error }: Props) {
  const t = useWords(words);
  const label = useWords(labels).Definition;
  const rows = useTemplates(kind).data ?? [];
  const value = String(place.value ?? "");
  const named = (row: TemplateRow) => ({ value: String(row.Definition), label: nameOf(row) });
  const isKnown = rows.some((row) => String(row.Definition) === value);
  return (
    <NativeSelect
      label={label}
      withAsterisk
      error={error && t.chooseThis}
      data-path={place.path}
      value={value}
      data={[
        { value: "0", label: t.choose },
        ...rows.map(named),
        // A deleted template is shown by its id, so that saving other changes keeps it.
        ...(isKnown || value === "0" ? [] : [{ value, label: value }]),
      ]}
      onChange={(event) => place.change(Number(event.currentTarget.value))}
    />
  );
}

function nameOf(row: TemplateRow): string {
  const name = row.Name || row.Comment;
  return name ? `${row.Definition} – ${name}` : String(row.Definition);
}
