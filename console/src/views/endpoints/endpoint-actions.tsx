import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useNotify } from "../../components/failure";
import { RowButton } from "../../components/row-button";
import type { Secret } from "../../components/secret-once";
import { useAction } from "../../components/use-action";
import { useWords } from "../../language";
import { useSession } from "../../session";
import { words } from "./words";

interface Props {
  readonly row: Schemas["EndpointRow"];
  readonly isDefault: boolean;
  readonly onSecret: (secret: Secret) => void;
}

const INVALIDATES = ["endpoints", "events", "event", "dashboard"];

export function EndpointActions({ row, isDefault, onSecret }: Props) {
  const t = useWords(words);
  const { may } = useSession();
  const actions = useEndpoint(row, onSecret);
  const button = (label: string, onClick: () => Promise<void>) => (
    <RowButton label={label} subject={row.name} busy={actions.busy} onClick={() => void onClick()} />
  );
  return (
    <>
      {row.dead > 0 && button(t.replay, actions.replay)}
      {may("admin") && (
        <>
          {row.url && button(row.enabled ? t.pause : t.goOn, actions.turn)}
          {row.url && button(t.rotate, actions.rotate)}
          {!isDefault && button(t.remove, actions.remove)}
        </>
      )}
    </>
  );
}

function useEndpoint(row: Props["row"], onSecret: Props["onSecret"]) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const confirm = useConfirm();
  const notify = useNotify();
  const action = useAction();
  const params = { path: { name: row.name }, query: { subAppId } };
  const turn = async () => {
    const body = { enabled: !row.enabled };
    await action.run(() => unwrap(api.PATCH("/api/v1/endpoints/{name}", { params, body })), {
      success: row.enabled ? t.isPaused : t.goesOn,
      invalidates: INVALIDATES,
    });
  };
  const rotate = async () => {
    if (!(await confirm({ title: t.rotateTitle(row.name), body: t.rotateText, action: t.rotate }))) return;
    const made = await action.run(() => unwrap(api.POST("/api/v1/endpoints/{name}/rotate", { params })));
    if (made) onSecret({ title: t.rotated, lines: { [t.secret]: made.secret } });
  };
  const replay = async () => {
    const work = () => unwrap(api.POST("/api/v1/endpoints/{name}/replay-dead", { params }));
    const answer = await action.run(work, { invalidates: INVALIDATES });
    if (answer) notify.success(t.replayed(answer.events));
  };
  const remove = async () => {
    const question = { title: t.removeTitle(row.name), body: t.removeText, action: t.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => unwrap(api.DELETE("/api/v1/endpoints/{name}", { params }));
    await action.run(work, { success: t.removed, invalidates: INVALIDATES });
  };
  return { busy: action.busy, turn, rotate, replay, remove };
}
