// Calls that the server refuses, where it would take long, or other people, to have it do so by itself.
import type { Page } from "@playwright/test";

interface Refusal {
  /** The name of the problem, such as `mailbox-full`. */
  name: string;
  status: number;
  /** Seconds. */
  retryAfter?: number;
}

/** The next `times` calls of this kind are refused, with what may be proved where the problem is a missing proof. */
export async function refuse(page: Page, method: string, path: string, { name, status, retryAfter }: Refusal, times = 1): Promise<void> {
  let refused = 0;
  await page.context().route(path, async (route) => {
    if (route.request().method() !== method || refused++ >= times) return route.fallback();
    const problem = { type: `/problems/${name}`, title: name, status, ...(status === 403 && (await offers(page, route.request().url()))) };
    await route.fulfill({
      status,
      contentType: "application/problem+json",
      headers: retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
      body: JSON.stringify(problem),
    });
  });
}

/** What this session may prove itself by. */
async function offers(page: Page, url: string): Promise<{ offers: unknown }> {
  const proofs = new URL("/api/v1/sessions/current/proofs", url).href;
  const { offers } = (await (await page.context().request.get(proofs)).json()) as { offers: unknown };
  return { offers };
}
