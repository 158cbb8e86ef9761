/** Domains, in the format of the API's actions. */
import { callAction } from "../../api/client";

export type Status = "Enabled" | "Disabled";
export type ListKind = "White" | "Black";
export interface DomainRow {
  readonly Domain: string;
  readonly RefererAuthPolicy: {
    Status: Status;
    AuthType: ListKind;
    Referers: string[];
    BlankRefererAllowed: "Yes" | "No";
  };
  readonly UrlSignatureAuthPolicy: { Status: Status; EncryptedKey: string; BackupEncryptedKey: string };
  readonly IPFilterPolicy: { Status: Status; FilterType: ListKind; IPList: string[] };
}

/** Characters that are easy to read and type: no look-alikes. */
const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const KEY_LENGTH = 24;

export async function listDomains(subAppId: number): Promise<DomainRow[]> {
  return (await callAction("DescribeVodDomains", { SubAppId: subAppId })).DomainSet as unknown as DomainRow[];
}

export function newKey(): string {
  const letters: string[] = [];
  while (letters.length < KEY_LENGTH) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    // Rejection sampling: bytes of the last, incomplete range are dropped, so that all characters are equally likely.
    if (byte < 256 - (256 % LETTERS.length)) letters.push(LETTERS.charAt(byte % LETTERS.length));
  }
  return letters.join("");
}

export function linesOf(text: string): string[] {
  return text
    .split(/\s+/)
    .map((each) => each.trim())
    .filter(Boolean);
}
