/** A failed call: an error response, or no response. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** HTTP status of the response; 0: no response. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string = "",
    readonly retryAfter: number = 0,
  ) {
    super(message);
  }

  static unreachable(): Problem {
    return new Problem(0, "unreachable", "");
  }

  static of(response: Response, body: unknown): Problem {
    const fields = (typeof body === "object" && body !== null ? body : {}) as Partial<Record<string, unknown>>;
    const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : "");
    const seconds = Number(response.headers.get("Retry-After") ?? 0);
    return new Problem(response.status, text("code"), text("message"), text("field"), seconds || 0);
  }
}
