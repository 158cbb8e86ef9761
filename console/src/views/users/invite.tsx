import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { api, type Role, unwrap } from "../../api/client";
import { FormDialog } from "../../components/form-dialog";
import type { DialogControls } from "../../components/settings-list";
import { useWords } from "../../language";
import { words } from "./words";

export function Invite({ onClose, onSecret }: DialogControls) {
  const t = useWords(words);
  const [role, setRole] = useState<Role>("viewer");
  const send = async () => {
    const made = await unwrap(api.POST("/api/v1/invites", { body: { role, user: "" } }));
    onSecret({ title: t.linkTitle, lines: { [t.link]: made.link } });
  };
  return (
    <FormDialog
      title={t.inviteTitle}
      submitLabel={t.invite}
      onClose={onClose}
      onSubmit={send}
      invalidates={["invites"]}
    >
      <Radio.Group label={t.role} value={role} onChange={(value) => setRole(value as Role)}>
        <Stack gap="xs" mt="xs">
          <Radio value="viewer" label={t.viewer} description={t.viewerHelp} />
          <Radio value="operator" label={t.operator} description={t.operatorHelp} />
          <Radio value="admin" label={t.admin} description={t.adminHelp} />
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}
