import { TransportError } from "./errors";

/** A temporary credential of storage; times are Unix seconds of the server's clock. */
export interface Credential {
  secretId: string;
  secretKey: string;
  token: string;
  start: number;
  end: number;
}

/** An upload session: bucket, keys, credential. Keys have no leading slash; `""` means that there is no such file. */
export interface Session {
  sessionKey: string;
  bucket: string;
  mediaKey: string;
  coverKey: string;
  credential: Credential;
}

/** The used members of Apply's answer. */
export interface ApplyData {
  vodSessionKey: string;
  storageBucket: string;
  storageAppId: number;
  timestamp: number;
  tempCertificate: { secretId: string; secretKey: string; token: string; expiredTime: number };
  video?: { storagePath?: string };
  cover?: { storagePath?: string };
}

/** Read `data` of an Apply answer. */
export function sessionOf(data: ApplyData): Session {
  const certificate = data.tempCertificate;
  if (!data.vodSessionKey || !certificate?.token)
    throw new TransportError("the response of ApplyUploadUGC has no session");
  return {
    sessionKey: data.vodSessionKey,
    bucket: `${data.storageBucket}-${data.storageAppId}`,
    mediaKey: data.video?.storagePath?.replace(/^\//, "") ?? "",
    coverKey: data.cover?.storagePath?.replace(/^\//, "") ?? "",
    // Server times, so that a wrong clock of this device has no effect.
    credential: {
      secretId: certificate.secretId,
      secretKey: certificate.secretKey,
      token: certificate.token,
      start: data.timestamp,
      end: certificate.expiredTime,
    },
  };
}
