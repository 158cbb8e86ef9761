import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBan, IconPencil, IconPlayerPlay, IconTrash, IconWand } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { act, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useNotify } from "../../components/failure";
import { useWords } from "../../language";
import { navigate } from "../../router";
import { Edit } from "./edit";
import { Process } from "./process";
import { words as dictionary } from "./words";

interface Props {
  readonly media: Schemas["MediaInfo"];
}

export function Actions({ media }: Props) {
  const words = useWords(dictionary);
  const [editing, edit] = useDisclosure();
  const [processing, process] = useDisclosure();
  const forbidden = media.BasicInfo?.Status !== "Normal";
  const { forbid, recover, remove } = useDeeds(media);
  return (
    <>
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
        {words.edit}
      </Button>
      <Button variant="default" leftSection={<IconWand size={16} aria-hidden />} onClick={process.open}>
        {words.process}
      </Button>
      {forbidden ? (
        <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={recover}>
          {words.recover}
        </Button>
      ) : (
        <Button variant="default" leftSection={<IconBan size={16} aria-hidden />} onClick={forbid}>
          {words.forbid}
        </Button>
      )}
      <Button color="red.9" leftSection={<IconTrash size={16} aria-hidden />} onClick={remove}>
        {words.delete}
      </Button>
      <Edit media={media} opened={editing} close={edit.close} />
      <Process fileId={media.FileId} opened={processing} close={process.close} />
    </>
  );
}

function useDeeds(media: Schemas["MediaInfo"]) {
  const words = useWords(dictionary);
  const confirm = useConfirm();
  const notify = useNotify();
  const queries = useQueryClient();
  const { subAppId } = useApplication();
  const name = media.BasicInfo?.Name || media.FileId;
  const renew = () =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [kind] }) => ["file", "media", "states", "transcript"].includes(String(kind)),
    });
  const distribute = async (Operation: "forbid" | "recover", told: string) => {
    try {
      await act("ForbidMediaDistribution", { SubAppId: subAppId, FileIds: [media.FileId], Operation });
      notify.done(told);
      await renew();
    } catch (problem) {
      notify.failed(problem);
    }
  };
  const forbid = async () => {
    const question = { title: words.forbidTitle, body: words.forbidBody, action: words.forbid, danger: true };
    if (await confirm(question)) await distribute("forbid", words.forbidden);
  };
  const remove = async () => {
    const question = { title: words.deleteTitle, body: words.deleteBody(name), action: words.delete, danger: true };
    if (!(await confirm(question))) return;
    try {
      await act("DeleteMedia", { SubAppId: subAppId, FileId: media.FileId });
      notify.done(words.deletedDone(name));
      navigate("/media");
      await renew();
    } catch (problem) {
      notify.failed(problem);
    }
  };
  return { forbid, remove, recover: () => distribute("recover", words.recovered) };
}
