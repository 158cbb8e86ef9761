import { Alert, Anchor, Box, Button, Grid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, callAction, type Schemas, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { useApplication } from "../../application";
import { Failure } from "../../components/failure";
import { FileStateBadge, useFileState } from "../../components/file-state";
import { PageHeader } from "../../components/page-header";
import { Empty, Loading } from "../../components/states";
import { useLanguage, useWords } from "../../language";
import { to } from "../../router";
import { useSession } from "../../session";
import type { Params } from "../../view";
import { type FileStateRow, fileWords, reasonOf } from "../../vocabulary";
import { titles } from "../../words";
import { useStory } from "../media/use-story";
import { Actions } from "./actions";
import classes from "./details.module.css";
import { Facts } from "./facts";
import { MakePlayable } from "./make-playable";
import { Renditions } from "./renditions";
import { Story } from "./story";
import { words } from "./words";

export default function Details({ params }: { readonly params: Params }) {
  const fileId = params.fileId ?? "";
  const { subAppId } = useApplication();
  const file = useQuery({
    queryKey: ["file", subAppId, fileId],
    queryFn: async () => {
      const answer = await callAction("DescribeMediaInfos", { SubAppId: subAppId, FileIds: [fileId] });
      return answer.MediaInfoSet[0] ?? null;
    },
  });
  if (file.isPending) return <Loading tall />;
  if (file.error && !file.data) return <Failure problem={file.error} retry={() => void file.refetch()} />;
  return file.data ? <ExistingFile media={file.data} /> : <DeletedFile fileId={fileId} />;
}

function ExistingFile({ media }: { readonly media: Schemas["MediaInfo"] }) {
  const t = useWords(words);
  const { may } = useSession();
  const story = useStory(media.FileId);
  const state = useFileState(media.FileId);
  const name = media.BasicInfo?.Name || media.FileId;
  return (
    <>
      <Anchor href={to("/media")} size="sm">
        ← {t.back}
      </Anchor>
      <PageHeader title={name}>{may("operator") && <Actions media={media} />}</PageHeader>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <StateNotice media={media} row={state} />
          <Player media={media} name={name} row={state} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Facts media={media} state={<FileStateBadge row={state} />} />
        </Grid.Col>
        <Grid.Col span={12}>
          <Renditions media={media} />
        </Grid.Col>
      </Grid>
      <Story query={story} />
    </>
  );
}

interface StateProps {
  readonly media: Schemas["MediaInfo"];
  readonly row: FileStateRow | undefined;
}

/** Shows why the file does not play and what to do. */
function StateNotice({ media, row }: StateProps) {
  const t = useWords(fileWords);
  const { language } = useLanguage();
  const { may } = useSession();
  switch (row?.state) {
    case "checking":
      return <Alert color="blue">{t.checkingHelp}</Alert>;
    case "processing":
      return row.playable ? null : <Alert color="blue">{t.processingHelp}</Alert>;
    case "damaged":
      return (
        <Alert color="red" title={t.damaged} role="alert">
          {t.damagedHelp}
        </Alert>
      );
    case "blocked":
      return (
        <Alert color="red" title={t.blocked} mb="md">
          {t.blockedHelp}
        </Alert>
      );
    case "not_playable":
      return (
        <Alert color="orange" title={t.not_playable} role="alert">
          {t.notPlayableHelp(reasonOf(row, language))}
          {may("operator") && <MakePlayable media={media} row={row} />}
        </Alert>
      );
    default:
      return null;
  }
}

interface PlayerProps extends StateProps {
  readonly name: string;
}

function Player({ media, name, row }: PlayerProps) {
  if (!row) return <Loading />;
  if (media.BasicInfo?.Category === "Image" && row.state === "ready") {
    return <img src={media.BasicInfo.MediaUrl} alt={name} className={classes.picture} />;
  }
  return row.playable ? <Frame fileId={media.FileId} name={name} /> : null;
}

/** The player page in a frame. Its address is signed, so that protected files play too. */
function Frame({ fileId, name }: { readonly fileId: string; readonly name: string }) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const result = useQuery({
    queryKey: ["player", subAppId, fileId],
    queryFn: () =>
      unwrap(api.GET("/api/v1/media/{fileId}/player", { params: { path: { fileId }, query: { subAppId } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (result.error) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  return (
    <Box className={classes.stage ?? ""}>
      {result.data && <iframe src={result.data.address} title={t.player(name)} allow="fullscreen; autoplay" />}
    </Box>
  );
}

/** The history remains after the file is deleted. */
function DeletedFile({ fileId }: { readonly fileId: string }) {
  const t = useWords(words);
  const title = useWords(titles).mediaDetails;
  const story = useStory(fileId);
  const back = (
    <Button component="a" href={to("/media")} variant="default">
      {t.toLibrary}
    </Button>
  );
  if (story.isPending) return <Loading />;
  if (story.error instanceof Problem && story.error.status === 404) {
    return (
      <>
        <PageHeader title={title} />
        <Empty title={t.unknown} help={t.unknownHelp}>
          {back}
        </Empty>
      </>
    );
  }
  return (
    <>
      <PageHeader title={t.deleted} help={fileId}>
        {back}
      </PageHeader>
      <Alert color="orange" mb="md">
        {t.deletedHelp}
      </Alert>
      <Story query={story} />
    </>
  );
}
