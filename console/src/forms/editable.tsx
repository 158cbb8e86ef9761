import { Stack } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./editable.module.css";

/** Fields that are all to be changed, or all to be read. */
export function Editable({ readOnly, children }: { readonly readOnly: boolean; readonly children: ReactNode }) {
  return (
    <fieldset disabled={readOnly} className={classes.fields}>
      <Stack>{children}</Stack>
    </fieldset>
  );
}
