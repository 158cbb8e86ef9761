import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { api, ask, type Role } from "../../api/client";
import { FormDialog } from "../../components/form-dialog";
import type { Secret } from "../../components/secret-once";
import { useWords } from "../../language";
import { words } from "./words";

interface Props {
  readonly close: () => void;
  readonly told: (secret: Secret) => void;
}

export function Invite({ close, told }: Props) {
  const said = useWords(words);
  const [role, setRole] = useState<Role>("viewer");
  const send = async () => {
    const made = await ask(api.POST("/api/v1/invites", { body: { role, user: "" } }));
    told({ title: said.linkTitle, lines: { [said.link]: made.link } });
  };
  return (
    <FormDialog title={said.inviteTitle} action={said.invite} close={close} send={send} renew={["invites"]}>
      <Radio.Group label={said.role} value={role} onChange={(value) => setRole(value as Role)}>
        <Stack gap="xs" mt="xs">
          <Radio value="viewer" label={said.viewer} description={said.viewerHelp} />
          <Radio value="operator" label={said.operator} description={said.operatorHelp} />
          <Radio value="admin" label={said.admin} description={said.adminHelp} />
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}
