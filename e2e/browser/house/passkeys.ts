// A passkey in software: Chromium's virtual authenticator, by the protocol of its debugger.
import { type CDPSession, expect, type Page } from "@playwright/test";
import type { Words } from "./words.ts";

export interface Authenticator {
  /** How many passkeys it holds. */
  count(): Promise<number>;
  /** From now on nobody touches it, or somebody does again. */
  touched(is: boolean): Promise<void>;
}

/** Gives a page one, which verifies its person; `prf`: whether it gives the output that a slot is sealed under. */
export async function authenticator(page: Page, { prf }: { prf: boolean }): Promise<Authenticator> {
  const devtools: CDPSession = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...(prf ? { hasPrf: true } : {}),
    },
  });
  return {
    count: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
    touched: async (enabled) => {
      await devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
    },
  };
}

/**
 * Listens to what the page's ceremonies give it, and has the outputs altered while `window.altered` is set: an authenticator
 * that gives another one each time. They stand as base64url in `window.outputs`.
 */
export async function overhear(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const heard = window as unknown as { outputs: string[]; altered?: boolean };
    heard.outputs = [];
    const results = PublicKeyCredential.prototype.getClientExtensionResults;
    PublicKeyCredential.prototype.getClientExtensionResults = function () {
      const said = results.call(this);
      const first = said.prf?.results?.first;
      if (first instanceof ArrayBuffer) {
        const bytes = new Uint8Array(first);
        if (heard.altered) crypto.getRandomValues(bytes);
        const text = btoa(String.fromCharCode(...bytes));
        heard.outputs.push(text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
      }
      return said;
    };
  });
}

/** What was overheard, since the page was loaded. */
export function outputs(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { outputs: string[] }).outputs);
}

/** From now on each output is another one. */
export async function alter(page: Page): Promise<void> {
  await page.evaluate(() => ((window as unknown as { altered: boolean }).altered = true));
}

/** Adds a passkey, by the keyboard alone. */
export async function addPasskey(page: Page, name: string, m: Words): Promise<void> {
  await page.goto("/settings/passkeys");
  await page.getByRole("button", { name: m("passkey.add"), exact: true }).press("Enter");
  await expect(page.getByRole("heading", { level: 2, name: m("passkey.add") })).toBeFocused();
  const field = page.getByLabel(m("passkey.name"));
  await field.fill(name);
  await field.press("Enter");
  await expect(page.getByRole("heading", { level: 2, name: m("passkey.added") })).toBeFocused();
}

export async function signInByPasskey(page: Page, m: Words): Promise<void> {
  await page.getByRole("button", { name: m("passkey.sign_in") }).or(page.getByRole("button", { name: m("passkey.use") })).press("Enter");
}
