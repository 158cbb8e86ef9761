import { Stack } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./editable.module.css";

/** A group of fields, all editable or all read-only. */
export function Editable({ readOnly, children }: { readonly readOnly: boolean; readonly children: ReactNode }) {
  return (
    <fieldset disabled={readOnly} className={classes.fields}>
      <Stack>{children}</Stack>
    </fieldset>
  );
}
