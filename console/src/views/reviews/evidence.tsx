/** Frames that a review flagged, blurred until the user shows them. */
import { Center, SimpleGrid, Text } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import classes from "./evidence.module.css";
import { words } from "./words";

interface Props {
  readonly rows: readonly Schemas["EvidenceRow"][];
  readonly shown: boolean;
}

export function Evidence({ rows, shown }: Props) {
  const t = useWords(words);
  const format = useFormat();
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }} spacing="sm">
      {rows.map((row) => {
        const caption = t.frame(row.label, format.duration(row.start), format.duration(row.end));
        return (
          <figure key={`${row.start} ${row.end} ${row.label}`} className={classes.figure}>
            <div className={classes.frame}>
              {row.picture ? (
                <img
                  src={row.picture}
                  alt={caption}
                  className={`${classes.picture} ${shown ? "" : classes.blurred}`}
                  data-blurred={!shown}
                />
              ) : (
                <Center h="100%">
                  <Text size="xs">{t.noPicture}</Text>
                </Center>
              )}
            </div>
            <figcaption>
              <Text size="xs">{caption}</Text>
              <Text size="xs" c="dimmed">
                {t.confidence(format.percent(row.confidence))}
              </Text>
            </figcaption>
          </figure>
        );
      })}
    </SimpleGrid>
  );
}
