/** One file that a review flagged: its frames, earlier decisions, and the buttons to decide. */
import { Anchor, Badge, Button, Card, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { IconBan, IconCheck, IconEye, IconEyeOff } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { to } from "../../router";
import { useSession } from "../../session";
import { Evidence } from "./evidence";
import { words } from "./words";

type Row = Schemas["ReviewRow"];

function useDecision(item: Row) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const action = useAction();
  const params = { path: { fileId: item.fileId }, query: { subAppId } };
  const decide = (accept: boolean, note: string) =>
    action.run(() => unwrap(api.POST("/api/v1/reviews/{fileId}/decision", { params, body: { accept, note } })), {
      success: accept ? t.accepted(item.name) : t.blocked(item.name),
      invalidates: ["reviews", "review", "dashboard", "file", "media", "transcript"],
    });
  return { busy: action.busy, decide };
}

/** Shortcut keys are inactive while the user types. */
function isWriting(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLTextAreaElement;
}

function step(card: HTMLElement, by: 1 | -1): void {
  const cards = [...document.querySelectorAll<HTMLElement>("[data-review]")];
  cards[cards.indexOf(card) + by]?.focus();
}

export function ReviewCard({ item }: { readonly item: Row }) {
  const t = useWords(words);
  const { may } = useSession();
  const { busy, decide } = useDecision(item);
  const [shown, setShown] = useState(false);
  const [note, setNote] = useState("");
  const mayDecide = may("operator");
  const decideAndMoveOn = async (accept: boolean, card: HTMLElement | null) => {
    if (busy) return;
    const after = card?.nextElementSibling ?? card?.previousElementSibling;
    // The card leaves the queue: move the focus to the next one, not to the top of the page.
    if ((await decide(accept, note)) && after instanceof HTMLElement) after.focus();
  };
  const press = (event: KeyboardEvent<HTMLElement>) => {
    if (isWriting(event)) return;
    const card = event.currentTarget;
    const key = event.key.toLowerCase();
    if (key === "j") step(card, 1);
    else if (key === "k") step(card, -1);
    else if (key === "s") setShown(!shown);
    else if (key === "a" && mayDecide) void decideAndMoveOn(true, card);
    else if (key === "b" && mayDecide) void decideAndMoveOn(false, card);
    else return;
    event.preventDefault();
  };
  const cardOf = (target: HTMLElement) => target.closest<HTMLElement>("[data-review]");
  return (
    <Card
      component="article"
      withBorder
      tabIndex={0}
      data-review={item.fileId}
      aria-label={item.name || item.fileId}
      onKeyDown={press}
    >
      <Stack gap="sm">
        <Head item={item} />
        <Group gap="sm">
          <Button
            size="xs"
            variant="default"
            aria-pressed={shown}
            leftSection={shown ? <IconEyeOff size={16} aria-hidden /> : <IconEye size={16} aria-hidden />}
            onClick={() => setShown(!shown)}
          >
            {shown ? t.hide : t.show}
          </Button>
          {!shown && (
            <Text size="xs" c="dimmed">
              {t.hidden}
            </Text>
          )}
        </Group>
        <Evidence rows={item.evidence} shown={shown} />
        <Decisions item={item} />
        {mayDecide ? (
          <>
            <Textarea
              label={t.note}
              description={t.noteHelp}
              maxLength={1000}
              autosize
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
            <Group>
              <Button
                color="teal.9"
                loading={busy}
                leftSection={<IconCheck size={16} aria-hidden />}
                onClick={(event) => void decideAndMoveOn(true, cardOf(event.currentTarget))}
              >
                {t.accept}
              </Button>
              <Button
                color="red.9"
                loading={busy}
                leftSection={<IconBan size={16} aria-hidden />}
                onClick={(event) => void decideAndMoveOn(false, cardOf(event.currentTarget))}
              >
                {t.blockIt}
              </Button>
            </Group>
          </>
        ) : (
          <Text size="sm" c="dimmed">
            {t.mayNot}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

function Head({ item }: { readonly item: Row }) {
  const t = useWords(words);
  const format = useFormat();
  const suggestion = item.suggestion === "block" ? t.block : item.suggestion === "pass" ? t.pass : t.manualReview;
  return (
    <div>
      <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
        {item.name || item.fileId}
      </Title>
      <Group gap="sm" my={4}>
        <Badge variant="dot" color={item.suggestion === "block" ? "red" : "yellow"}>
          {t.suggestion}: {suggestion}
        </Badge>
        <Badge variant="dot" color={item.status === "Forbidden" ? "red" : "gray"}>
          {item.status === "Forbidden" ? t.Forbidden : t.Normal}
        </Badge>
        <Text size="sm" c="dimmed">
          {format.time(item.createdAt)}
        </Text>
      </Group>
      <Group gap="md">
        <Anchor size="sm" href={to(`/media/${item.fileId}`)}>
          {t.toFile}
        </Anchor>
        {item.taskId && (
          <Anchor size="sm" href={to(`/tasks/${item.taskId}`)}>
            {t.toTask}
          </Anchor>
        )}
      </Group>
    </div>
  );
}

function Decisions({ item }: { readonly item: Row }) {
  const t = useWords(words);
  const format = useFormat();
  if (item.decisions.length === 0) return null;
  return (
    <section aria-label={t.decisions}>
      {item.decisions.map((each) => (
        <Text key={each.decidedAt} size="sm" style={{ overflowWrap: "anywhere" }}>
          {(each.accepted ? t.acceptedBy : t.blockedBy)(each.decidedBy, format.time(each.decidedAt))}
          {each.note && ` – ${each.note}`}
        </Text>
      ))}
    </section>
  );
}
