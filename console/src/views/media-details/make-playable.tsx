import { Button, Group } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import { callAction, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { useAction } from "../../components/use-action";
import { useWords } from "../../language";
import { type FileStateRow, fileWords } from "../../vocabulary";

/** Presets that every browser plays: the adaptive stream, and sound alone. */
const LADDER = 10;
const SOUND = 1120;
/** Reasons that no conversion removes. */
const UNCONVERTIBLE = ["encrypted", "no_original"];

interface Props {
  readonly media: Schemas["MediaInfo"];
  readonly row: FileStateRow;
}

/** Starts the conversion of a file that browsers do not play. */
export function MakePlayable({ media, row }: Props) {
  const t = useWords(fileWords);
  const action = useAction();
  const { subAppId } = useApplication();
  const sound = media.BasicInfo?.Category === "Audio";
  const task = sound
    ? { TranscodeTaskSet: [{ Definition: SOUND }] }
    : { AdaptiveDynamicStreamingTaskSet: [{ Definition: LADDER }] };
  const start = () =>
    action.run(() => callAction("ProcessMedia", { SubAppId: subAppId, FileId: media.FileId, MediaProcessTask: task }), {
      success: t.making,
      invalidates: ["transcript", "tasks", "states"],
    });
  if (UNCONVERTIBLE.includes(row.reason)) return null;
  return (
    <Group mt="sm">
      <Button leftSection={<IconWand size={16} aria-hidden />} loading={action.busy} onClick={() => void start()}>
        {t.make}
      </Button>
    </Group>
  );
}
