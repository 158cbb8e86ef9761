import { ActionIcon, Badge, Group, Paper, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { type Format, useFormat } from "../../format";
import { useWords } from "../../language";
import classes from "./details.module.css";
import { words as dictionary } from "./words";

type Media = Schemas["MediaInfo"];
type Words = typeof dictionary.en;
const NEVER = "9999";

export function Facts({ media, state }: { readonly media: Media; readonly state: ReactNode }) {
  const words = useWords(dictionary);
  const format = useFormat();
  const rows = [...about(media, state, words), ...measured(media, words, format), ...times(media, words, format)];
  return (
    <Paper withBorder p="md" component="section" aria-label={words.facts}>
      <Text component="h2" fw={600} m={0} mb="xs">
        {words.facts}
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

function about({ FileId: fileId, BasicInfo: basic }: Media, state: ReactNode, words: Words): Row[] {
  if (!basic) return [[words.fileId, fileId]];
  const tags = basic.TagSet.map((tag) => (
    <Badge key={tag} variant="default">
      {tag}
    </Badge>
  ));
  return [
    [words.fileId, <Copied key="id" text={fileId} />],
    [words.description, basic.Description || words.none],
    [words.category, basic.ClassId ? basic.ClassPath || basic.ClassName : words.noClass],
    [
      words.tags,
      tags.length > 0 ? (
        <Group key="tags" gap={4}>
          {tags}
        </Group>
      ) : (
        words.none
      ),
    ],
    [words.status, state],
    [words.address, basic.MediaUrl ? <Copied key="url" text={basic.MediaUrl} /> : words.none],
  ];
}

function measured({ MetaData: data, BasicInfo: basic }: Media, words: Words, format: Format): Row[] {
  const type = [basic?.Type, data?.Container].filter(Boolean).join(", ");
  if (!data) return [[words.type, type || words.none]];
  const video = data.VideoStreamSet.map((one) => `${one.Codec}, ${one.Width} × ${one.Height}, ${one.Fps} fps`);
  const audio = data.AudioStreamSet.map((one) => `${one.Codec}, ${format.number(one.SamplingRate)} Hz`);
  return [
    [words.type, type || words.none],
    [words.size, format.bytes(data.Size)],
    [words.length, format.duration(data.Duration)],
    ...(video.length > 0 ? [[words.video, video.join("; ")] as const] : []),
    ...(audio.length > 0 ? [[words.audio, audio.join("; ")] as const] : []),
    ...(data.Bitrate > 0 ? [[words.rate, `${format.number(Math.round(data.Bitrate / 1000))} kbit/s`] as const] : []),
  ];
}

function times({ BasicInfo: basic }: Media, words: Words, format: Format): Row[] {
  if (!basic) return [];
  const ends = basic.ExpireTime && !basic.ExpireTime.startsWith(NEVER);
  return [
    [words.region, basic.StorageRegion],
    [words.uploaded, format.time(basic.CreateTime)],
    [words.changed, format.time(basic.UpdateTime)],
    ...(ends ? [[words.expires, format.time(basic.ExpireTime)] as const] : []),
  ];
}

/** A text that programs want, with a button: addresses are not links, what a user uploaded is not opened from here. */
export function Copied({ text }: { readonly text: string }) {
  const words = useWords(dictionary);
  const clipboard = useClipboard();
  const label = clipboard.copied ? words.copied : words.copyText(text);
  return (
    <Group gap="xs" wrap="nowrap" justify="space-between" align="flex-start">
      <span className={classes.code}>{text}</span>
      <ActionIcon variant="default" size="sm" onClick={() => clipboard.copy(text)} aria-label={label} title={label}>
        {clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      </ActionIcon>
    </Group>
  );
}
