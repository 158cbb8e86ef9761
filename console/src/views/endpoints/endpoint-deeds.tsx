import { api, ask, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { useNotify } from "../../components/failure";
import { RowButton } from "../../components/row-button";
import type { Secret } from "../../components/secret-once";
import { useWords } from "../../language";
import { useSession } from "../../session";
import { words } from "./words";

interface Props {
  readonly row: Schemas["EndpointRow"];
  readonly isDefault: boolean;
  readonly told: (secret: Secret) => void;
}

const RENEW = ["endpoints", "events", "event", "dashboard"];

export function EndpointDeeds({ row, isDefault, told }: Props) {
  const said = useWords(words);
  const { may } = useSession();
  const deeds = useEndpoint(row, told);
  const button = (text: string, act: () => Promise<void>) => (
    <RowButton text={text} of={row.name} busy={deeds.busy} act={() => void act()} />
  );
  return (
    <>
      {row.dead > 0 && button(said.replay, deeds.replay)}
      {may("admin") && (
        <>
          {row.url && button(row.enabled ? said.pause : said.goOn, deeds.turn)}
          {row.url && button(said.rotate, deeds.rotate)}
          {!isDefault && button(said.remove, deeds.remove)}
        </>
      )}
    </>
  );
}

function useEndpoint(row: Props["row"], told: Props["told"]) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const confirm = useConfirm();
  const notify = useNotify();
  const deed = useDeed();
  const params = { path: { name: row.name }, query: { subAppId } };
  const turn = async () => {
    const body = { enabled: !row.enabled };
    await deed.run(() => ask(api.PATCH("/api/v1/endpoints/{name}", { params, body })), {
      done: row.enabled ? said.isPaused : said.goesOn,
      renew: RENEW,
    });
  };
  const rotate = async () => {
    if (!(await confirm({ title: said.rotateTitle(row.name), body: said.rotateText, action: said.rotate }))) return;
    const made = await deed.run(() => ask(api.POST("/api/v1/endpoints/{name}/rotate", { params })));
    if (made) told({ title: said.rotated, lines: { [said.secret]: made.secret } });
  };
  const replay = async () => {
    const work = () => ask(api.POST("/api/v1/endpoints/{name}/replay-dead", { params }));
    const answer = await deed.run(work, { renew: RENEW });
    if (answer) notify.done(said.replayed(answer.events));
  };
  const remove = async () => {
    const question = { title: said.removeTitle(row.name), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => ask(api.DELETE("/api/v1/endpoints/{name}", { params }));
    await deed.run(work, { done: said.removed, renew: RENEW });
  };
  return { busy: deed.busy, turn, rotate, replay, remove };
}
