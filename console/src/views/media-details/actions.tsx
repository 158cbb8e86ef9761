import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBan, IconPencil, IconPlayerPlay, IconTrash, IconWand } from "@tabler/icons-react";
import { callAction, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useAction } from "../../components/use-action";
import { useWords } from "../../language";
import { navigate } from "../../router";
import { Edit } from "./edit";
import { Process } from "./process";
import { words } from "./words";

interface Props {
  readonly media: Schemas["MediaInfo"];
}

export function Actions({ media }: Props) {
  const t = useWords(words);
  const [editing, edit] = useDisclosure();
  const [processing, process] = useDisclosure();
  const forbidden = media.BasicInfo?.Status !== "Normal";
  const { forbid, recover, remove } = useMediaActions(media);
  return (
    <>
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
        {t.edit}
      </Button>
      <Button variant="default" leftSection={<IconWand size={16} aria-hidden />} onClick={process.open}>
        {t.process}
      </Button>
      {forbidden ? (
        <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={recover}>
          {t.recover}
        </Button>
      ) : (
        <Button variant="default" leftSection={<IconBan size={16} aria-hidden />} onClick={forbid}>
          {t.forbid}
        </Button>
      )}
      <Button color="red.9" leftSection={<IconTrash size={16} aria-hidden />} onClick={remove}>
        {t.delete}
      </Button>
      {editing && <Edit media={media} onClose={edit.close} />}
      {processing && <Process fileId={media.FileId} onClose={process.close} />}
    </>
  );
}

const INVALIDATES = ["file", "media", "states", "transcript"];

function useMediaActions(media: Schemas["MediaInfo"]) {
  const t = useWords(words);
  const confirm = useConfirm();
  const action = useAction();
  const { subAppId } = useApplication();
  const name = media.BasicInfo?.Name || media.FileId;
  const distribute = async (Operation: "forbid" | "recover", success: string) => {
    const body = { SubAppId: subAppId, FileIds: [media.FileId], Operation };
    await action.run(() => callAction("ForbidMediaDistribution", body), { success, invalidates: INVALIDATES });
  };
  const forbid = async () => {
    const question = { title: t.forbidTitle, body: t.forbidBody, action: t.forbid, danger: true };
    if (await confirm(question)) await distribute("forbid", t.forbidden);
  };
  const remove = async () => {
    const question = { title: t.deleteTitle, body: t.deleteBody(name), action: t.delete, danger: true };
    if (!(await confirm(question))) return;
    await action.run(() => callAction("DeleteMedia", { SubAppId: subAppId, FileId: media.FileId }), {
      success: t.deletedDone(name),
      invalidates: INVALIDATES,
      // Before the invalidation: this page would fetch the deleted file.
      onSuccess: () => navigate("/media"),
    });
  };
  return { forbid, remove, recover: () => distribute("recover", t.recovered) };
}
