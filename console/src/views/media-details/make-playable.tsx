import { Button, Group } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { act, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { useNotify } from "../../components/failure";
import { useWords } from "../../language";
import { type FileStateRow, fileWords } from "../../vocabulary";

/** Presets that every browser plays: the adaptive stream, and sound alone. */
const LADDER = 10;
const SOUND = 1120;
/** Nothing can be made of these. */
const HOPELESS = ["encrypted", "no_original"];

interface Props {
  readonly media: Schemas["MediaInfo"];
  readonly row: FileStateRow;
}

/** Starts what makes a file play that browsers do not play as it is. */
export function MakePlayable({ media, row }: Props) {
  const words = useWords(fileWords);
  const notify = useNotify();
  const queries = useQueryClient();
  const { subAppId } = useApplication();
  const sound = media.BasicInfo?.Category === "Audio";
  const task = sound
    ? { TranscodeTaskSet: [{ Definition: SOUND }] }
    : { AdaptiveDynamicStreamingTaskSet: [{ Definition: LADDER }] };
  const start = useMutation({
    mutationFn: () => act("ProcessMedia", { SubAppId: subAppId, FileId: media.FileId, MediaProcessTask: task }),
    onSuccess: async () => {
      notify.done(words.making);
      await Promise.all(
        ["transcript", "tasks", "states"].map((kind) => queries.invalidateQueries({ queryKey: [kind] })),
      );
    },
    onError: notify.failed,
  });
  if (HOPELESS.includes(row.reason)) return null;
  return (
    <Group mt="sm">
      <Button leftSection={<IconWand size={16} aria-hidden />} loading={start.isPending} onClick={() => start.mutate()}>
        {words.make}
      </Button>
    </Group>
  );
}
