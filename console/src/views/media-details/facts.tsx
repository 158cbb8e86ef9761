import { ActionIcon, Badge, Group, Paper, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { type Format, useFormat } from "../../format";
import { useWords } from "../../language";
import classes from "./details.module.css";
import { words } from "./words";

type Media = Schemas["MediaInfo"];
type Words = typeof words.en;
const NEVER = "9999";

export function Facts({ media, state }: { readonly media: Media; readonly state: ReactNode }) {
  const t = useWords(words);
  const format = useFormat();
  const rows = [...about(media, state, t), ...measured(media, t, format), ...times(media, t, format)];
  return (
    <Paper withBorder p="md" component="section" aria-label={t.facts}>
      <Text component="h2" fw={600} m={0} mb="xs">
        {t.facts}
      </Text>
      <dl className={classes.facts}>
        {rows.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Paper>
  );
}

type Row = readonly [string, ReactNode];

function about({ FileId: fileId, BasicInfo: basic }: Media, state: ReactNode, t: Words): Row[] {
  if (!basic) return [[t.fileId, fileId]];
  const tags = basic.TagSet.map((tag) => (
    <Badge key={tag} variant="default">
      {tag}
    </Badge>
  ));
  return [
    [t.fileId, <Copied key="id" text={fileId} />],
    [t.description, basic.Description || t.none],
    [t.category, basic.ClassId ? basic.ClassPath || basic.ClassName : t.noClass],
    [
      t.tags,
      tags.length > 0 ? (
        <Group key="tags" gap={4}>
          {tags}
        </Group>
      ) : (
        t.none
      ),
    ],
    [t.status, state],
    [t.address, basic.MediaUrl ? <Copied key="url" text={basic.MediaUrl} /> : t.none],
  ];
}

function measured({ MetaData: data, BasicInfo: basic }: Media, t: Words, format: Format): Row[] {
  const type = [basic?.Type, data?.Container].filter(Boolean).join(", ");
  if (!data) return [[t.type, type || t.none]];
  const video = data.VideoStreamSet.map((one) => `${one.Codec}, ${one.Width} × ${one.Height}, ${one.Fps} fps`);
  const audio = data.AudioStreamSet.map((one) => `${one.Codec}, ${format.number(one.SamplingRate)} Hz`);
  return [
    [t.type, type || t.none],
    [t.size, format.bytes(data.Size)],
    [t.length, format.duration(data.Duration)],
    ...(video.length > 0 ? [[t.video, video.join("; ")] as const] : []),
    ...(audio.length > 0 ? [[t.audio, audio.join("; ")] as const] : []),
    ...(data.Bitrate > 0 ? [[t.rate, `${format.number(Math.round(data.Bitrate / 1000))} kbit/s`] as const] : []),
  ];
}

function times({ BasicInfo: basic }: Media, t: Words, format: Format): Row[] {
  if (!basic) return [];
  const ends = basic.ExpireTime && !basic.ExpireTime.startsWith(NEVER);
  return [
    [t.region, basic.StorageRegion],
    [t.uploaded, format.time(basic.CreateTime)],
    [t.changed, format.time(basic.UpdateTime)],
    ...(ends ? [[t.expires, format.time(basic.ExpireTime)] as const] : []),
  ];
}

/** A text with a copy button. Addresses are not links: the console does not open uploaded content. */
export function Copied({ text }: { readonly text: string }) {
  const t = useWords(words);
  const clipboard = useClipboard();
  const label = clipboard.copied ? t.copied : t.copyText(text);
  return (
    <Group gap="xs" wrap="nowrap" justify="space-between" align="flex-start">
      <span className={classes.code}>{text}</span>
      <ActionIcon variant="default" size="sm" onClick={() => clipboard.copy(text)} aria-label={label} title={label}>
        {clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      </ActionIcon>
    </Group>
  );
}
