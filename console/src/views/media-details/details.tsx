import { Alert, Anchor, Box, Button, Grid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { act, api, ask, type Schemas } from "../../api/client";
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
import { words as dictionary } from "./words";

export default function Details({ params }: { readonly params: Params }) {
  const fileId = params.fileId ?? "";
  const { subAppId } = useApplication();
  const file = useQuery({
    queryKey: ["file", subAppId, fileId],
    queryFn: async () => {
      const found = await act("DescribeMediaInfos", { SubAppId: subAppId, FileIds: [fileId] });
      return found.MediaInfoSet[0] ?? null;
    },
  });
  if (file.isPending) return <Loading tall />;
  if (file.error && !file.data) return <Failure problem={file.error} retry={() => void file.refetch()} />;
  return file.data ? <Present media={file.data} /> : <Gone fileId={fileId} />;
}

function Present({ media }: { readonly media: Schemas["MediaInfo"] }) {
  const words = useWords(dictionary);
  const { may } = useSession();
  const story = useStory(media.FileId);
  const state = useFileState(media.FileId);
  const name = media.BasicInfo?.Name || media.FileId;
  return (
    <>
      <Anchor href={to("/media")} size="sm">
        ← {words.back}
      </Anchor>
      <PageHeader title={name}>{may("operator") && <Actions media={media} />}</PageHeader>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Standing media={media} row={state} />
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

interface StandingProps {
  readonly media: Schemas["MediaInfo"];
  readonly row: FileStateRow | undefined;
}

/** Says how the file stands where it does not simply play, why, and what can be done. */
function Standing({ media, row }: StandingProps) {
  const words = useWords(fileWords);
  const { language } = useLanguage();
  const { may } = useSession();
  switch (row?.state) {
    case "checking":
      return <Alert color="blue">{words.checkingHelp}</Alert>;
    case "processing":
      return row.playable ? null : <Alert color="blue">{words.processingHelp}</Alert>;
    case "damaged":
      return (
        <Alert color="red" title={words.damaged} role="alert">
          {words.damagedHelp}
        </Alert>
      );
    case "blocked":
      return (
        <Alert color="red" title={words.blocked} mb="md">
          {words.blockedHelp}
        </Alert>
      );
    case "not_playable":
      return (
        <Alert color="orange" title={words.not_playable} role="alert">
          {words.notPlayableHelp(reasonOf(row, language))}
          {may("operator") && <MakePlayable media={media} row={row} />}
        </Alert>
      );
    default:
      return null;
  }
}

interface PlayerProps extends StandingProps {
  readonly name: string;
}

function Player({ media, name, row }: PlayerProps) {
  if (!row) return <Loading />;
  if (media.BasicInfo?.Category === "Image" && row.state === "ready") {
    return <img src={media.BasicInfo.MediaUrl} alt={name} className={classes.picture} />;
  }
  return row.playable ? <Frame fileId={media.FileId} name={name} /> : null;
}

/** The player's own page, which loads nothing but media. Its address is signed, so that protected files play too. */
function Frame({ fileId, name }: { readonly fileId: string; readonly name: string }) {
  const words = useWords(dictionary);
  const { subAppId } = useApplication();
  const found = useQuery({
    queryKey: ["player", subAppId, fileId],
    queryFn: () => ask(api.GET("/api/v1/media/{fileId}/player", { params: { path: { fileId }, query: { subAppId } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (found.error) return <Failure problem={found.error} retry={() => void found.refetch()} />;
  return (
    <Box className={classes.stage ?? ""}>
      {found.data && <iframe src={found.data.address} title={words.player(name)} allow="fullscreen; autoplay" />}
    </Box>
  );
}

/** What happened to a file outlives it. */
function Gone({ fileId }: { readonly fileId: string }) {
  const words = useWords(dictionary);
  const title = useWords(titles).mediaDetails;
  const story = useStory(fileId);
  const back = (
    <Button component="a" href={to("/media")} variant="default">
      {words.toLibrary}
    </Button>
  );
  if (story.isPending) return <Loading />;
  if (story.error instanceof Problem && story.error.status === 404) {
    return (
      <>
        <PageHeader title={title} />
        <Empty title={words.unknown} help={words.unknownHelp}>
          {back}
        </Empty>
      </>
    );
  }
  return (
    <>
      <PageHeader title={words.deleted} help={fileId}>
        {back}
      </PageHeader>
      <Alert color="orange" mb="md">
        {words.deletedHelp}
      </Alert>
      <Story query={story} />
    </>
  );
}
