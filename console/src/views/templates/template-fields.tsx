/** Fields of templates that their schema does not describe fully. */
import { FileInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { Place } from "../../forms/schema-form";
import { labels } from "../../forms/words";
import { useWords } from "../../language";
import { words } from "./words";

/** Pictures come from files; the type of a stored watermark cannot change. */
export function templateField(place: Place, stored: boolean): ReactNode | undefined {
  if (place.name === "ImageContent") return <Picture place={place} stored={stored} />;
  if (place.path === "Type" && stored) return null;
  return undefined;
}

function Picture({ place, stored }: { readonly place: Place; readonly stored: boolean }) {
  const t = useWords(words);
  const label = useWords(labels).ImageContent;
  const read = async (file: File | null) => {
    if (!file) return place.change("");
    const bytes = new Uint8Array(await file.arrayBuffer());
    place.change(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
  };
  return (
    <FileInput
      label={label}
      placeholder={t.picture}
      description={stored ? t.pictureStays : undefined}
      accept="image/png,image/jpeg,image/gif"
      clearable
      clearButtonProps={{ "aria-label": t.remove }}
      onChange={(file) => void read(file)}
    />
  );
}
