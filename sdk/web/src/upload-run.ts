import { announced, ControlPlane } from "./control-plane";
import { ApiError } from "./errors";
import { checkLimits, type FileFacts } from "./limits";
import { isGone } from "./object-upload";
import type { ResumeStore, Unfinished } from "./resume";
import { ResumeSlot } from "./resume-slot";
import type { Session } from "./session";
import type { GetSignature } from "./signature";
import { StorageClient } from "./storage";
import { Transfer, type TransferTools } from "./transfer";
import type { UploadResult, UploadState } from "./upload-events";
import { factsOfFiles, nameOf } from "./upload-options";

/** Settings of the client that its uploads share. */
export interface UploaderContext {
  server: string;
  getSignature: GetSignature;
  store: ResumeStore | undefined;
}

const SIGNATURE_CODES = [10004, 10005, 10010, 10011];

type Tools = Omit<TransferTools, "host" | "remember">;

/** One upload from session through storage to Commit, with its entry in the resume store. */
export class UploadRun {
  readonly #context: UploaderContext;
  readonly #tools: Tools;
  readonly #plane: ControlPlane;
  readonly #slot: ResumeSlot;
  readonly #show: (state: UploadState) => void;
  readonly #facts: FileFacts[];
  #sending: Transfer | undefined;

  constructor(context: UploaderContext, tools: Tools, show: (state: UploadState) => void) {
    const { applyRequestTimeout: apply, commitRequestTimeout: commit, enableResume } = tools.options;
    this.#context = context;
    this.#tools = tools;
    this.#show = show;
    this.#facts = factsOfFiles(tools.files, tools.options);
    this.#plane = new ControlPlane(context.server, context.getSignature, tools.retrier, { apply, commit });
    this.#slot = new ResumeSlot(enableResume === false ? undefined : context.store);
  }

  /** Upload everything, then remove the upload's entry from the resume store. */
  async run(): Promise<UploadResult> {
    const result = await this.#resumeOrStart();
    this.#slot.forget();
    return result;
  }

  /** Resume the stored upload; when that is no longer possible, start a new one. */
  async #resumeOrStart(): Promise<UploadResult> {
    await this.#claimSlot();
    const remembered = this.#slot.load();
    const session = remembered && (await this.#reopen(remembered));
    if (remembered && session) {
      try {
        return await this.#transfer(session, remembered);
      } catch (error) {
        if (!isGone(error) || this.#tools.control.ended) throw error;
        this.#slot.forget();
      }
    }
    return this.#transfer(await this.#open());
  }

  /** Remove the upload's entry from the resume store, and abort it in storage. */
  async discard(): Promise<void> {
    this.#slot.forget();
    await this.#sending?.abort();
  }

  /** Let other uploads of this page upload the same content. */
  release(): void {
    this.#slot.release();
  }

  async #claimSlot(): Promise<void> {
    const { files, options } = this.#tools;
    const scope = [this.#context.server, nameOf(options) ?? "", options.fileId ?? ""];
    await this.#slot.claim(
      scope,
      [files.media, files.cover].filter((file) => file !== undefined),
    );
  }

  async #reopen(remembered: Unfinished): Promise<Session | undefined> {
    try {
      return await this.#apply({ vodSessionKey: remembered.sessionKey });
    } catch (error) {
      // A refused signature does not invalidate the session.
      if (!(error instanceof ApiError) || SIGNATURE_CODES.includes(Number(error.code))) throw error;
      this.#slot.forget();
      return undefined;
    }
  }

  #open(): Promise<Session> {
    const { fileId, expireTime } = this.#tools.options;
    const more = { ...(fileId && { fileId }), ...(expireTime && { ExpireTime: expireTime }), uploadFromWeb: true };
    return this.#apply(announced(this.#facts, more));
  }

  /** Apply with a signature whose limits allow the files. */
  #apply(body: object): Promise<Session> {
    return this.#plane.apply(body, (signature) => checkLimits(signature, this.#facts));
  }

  async #transfer(session: Session, remembered?: Unfinished): Promise<UploadResult> {
    this.#show("uploading");
    const { server } = this.#context;
    const storage = new StorageClient(server, session, (old) => this.#plane.renew(old));
    const remember = (unfinished: Unfinished) => this.#slot.save(unfinished);
    const tools = { ...this.#tools, host: new URL(server).host, remember };
    const transfer = new Transfer(tools, storage, session, remembered);
    await transfer.prepare();
    this.#sending = transfer;
    await transfer.run();
    await this.#tools.control.checkpoint();
    this.#show("committing");
    const committed = await this.#plane.commit(session, transfer.checksums);
    const { size, crc64, resumedBytes } = transfer.main;
    return { ...committed, size, crc64: crc64.toString(), resumedBytes };
  }
}
