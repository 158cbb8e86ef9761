import { Paper, Table, Text } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { Copied } from "./facts";
import { words } from "./words";

type Media = Schemas["MediaInfo"];
type Kind = "Transcode" | "Adaptive" | "Animated" | "Sprite" | "Snapshot" | "Sample";
interface Made {
  readonly kind: Kind;
  readonly definition: number;
  readonly about: string;
  readonly url: string;
}
interface Fields {
  readonly Definition: number;
  readonly [name: string]: unknown;
}

function setsOf(media: Media): [Kind, readonly Fields[]][] {
  return [
    ["Adaptive", media.AdaptiveDynamicStreamingInfo?.AdaptiveDynamicStreamingSet ?? []],
    ["Transcode", media.TranscodeInfo?.TranscodeSet ?? []],
    ["Animated", media.AnimatedGraphicsInfo?.AnimatedGraphicsSet ?? []],
    ["Sprite", media.ImageSpriteInfo?.ImageSpriteSet ?? []],
    ["Snapshot", media.SnapshotByTimeOffsetInfo?.SnapshotByTimeOffsetSet ?? []],
    ["Sample", media.SampleSnapshotInfo?.SampleSnapshotSet ?? []],
  ];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** The original is listed among the renditions as definition 0. */
function useMade(media: Media): Made[] {
  const format = useFormat();
  const about = (one: Fields): string => {
    const size = one.Width && one.Height ? `${number(one.Width)} × ${number(one.Height)}` : "";
    const rate = one.Bitrate ? `${format.number(Math.round(number(one.Bitrate) / 1000))} kbit/s` : "";
    const bytes = one.Size ? format.bytes(number(one.Size)) : "";
    const count = one.TotalCount ? format.number(number(one.TotalCount)) : "";
    return [typeof one.Package === "string" ? one.Package : "", size, rate, bytes, count].filter(Boolean).join(", ");
  };
  return setsOf(media).flatMap(([kind, made]) =>
    made
      .filter((one) => one.Definition !== 0)
      .map((one) => ({ kind, definition: one.Definition, about: about(one), url: String(one.Url ?? "") })),
  );
}

export function Renditions({ media }: { readonly media: Media }) {
  const t = useWords(words);
  const made = useMade(media);
  return (
    <Paper withBorder p="md" component="section" aria-label={t.renditions}>
      <Text component="h2" fw={600} m={0} mb="xs">
        {t.renditions}
      </Text>
      {made.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t.noRenditions}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={520} type="native" tabIndex={0}>
          <Table verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.kind}</Table.Th>
                <Table.Th>{t.template}</Table.Th>
                <Table.Th>{t.result}</Table.Th>
                <Table.Th>{t.address}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {made.map((one) => (
                <Table.Tr key={`${one.kind}${one.definition}${one.url}`}>
                  <Table.Td>{t[one.kind]}</Table.Td>
                  <Table.Td>{one.definition}</Table.Td>
                  <Table.Td>{one.about}</Table.Td>
                  <Table.Td>{one.url && <Copied text={one.url} />}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paper>
  );
}
