// Whom our e-mails come from, for the page that says which ones are real (PROTOCOL §5).

/** Null where none is sent, and where the server could not be asked: the page then says nothing of it. */
export async function noticeSender(): Promise<string | null> {
  try {
    const answer = await fetch("/api/v1/notices/sender", { credentials: "omit" });
    const { address } = (answer.ok ? await answer.json() : {}) as Record<string, unknown>;
    return typeof address === "string" ? address : null;
  } catch {
    return null; // no network, or no answer of ours
  }
}
