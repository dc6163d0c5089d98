// The ceremonies of a passkey (PROTOCOL §7), which only a page can hold: a browser has no `navigator.credentials` in a Worker.
// What is sent is picked out member by member, never `toJSON()`, which carries the PRF output: that is the key of a lock. The
// output goes to the Worker as the bytes that the browser gave, which are handed over and so gone from here.

import { decode, encode } from "../parts/base64url.ts";
import type { Assertion, MadeCredential, PasskeyAsked, PasskeyCreation, PasskeyRequest } from "../worker/types.ts";

/** What a browser gave: what may be sent, and what may not. */
export interface Held<T> {
  said: T;
  /** The PRF output; none where the passkey or the browser has none. */
  output: ArrayBuffer | null;
}

/** Why there is no answer: closed, too late or no such passkey, which no browser tells apart; there already; or not at all here. */
export type Unanswered = "closed" | "there-already" | "unable";

/** A ceremony came to nothing. */
export class NoAnswer extends Error {
  readonly why: Unanswered;

  constructor(why: Unanswered) {
    super(why);
    this.why = why;
  }
}

/** Whether this browser knows passkeys at all. */
export const knowsPasskeys = typeof PublicKeyCredential !== "undefined" && "credentials" in navigator;

/** Whether passkeys can be offered where the address is typed. */
export async function offersWhileTyping(): Promise<boolean> {
  if (!knowsPasskeys || !("isConditionalMediationAvailable" in PublicKeyCredential)) return false;
  return await PublicKeyCredential.isConditionalMediationAvailable().catch(() => false);
}

/** What is told of a passkey between its ceremonies. */
interface Between {
  made: (made: MadeCredential, output: ArrayBuffer | null) => Promise<PasskeyAsked>;
  seal: (output: ArrayBuffer) => Promise<unknown>;
}

/** Makes a passkey and has it sign, so that the second output can open what the first one sealed. */
export async function makeAndUse(creation: PasskeyCreation, { made, seal }: Between): Promise<Held<Assertion>> {
  const { said, output } = await makePasskey(creation);
  const { request, sealed } = await made(said, output);
  const used = await usePasskey(request);
  if (sealed || used.output === null) return used;
  // Nothing came when it was made: this is the first output, and another one must open what it seals.
  await seal(used.output);
  return usePasskey(request);
}

/** Makes a passkey. */
async function makePasskey(creation: PasskeyCreation): Promise<Held<MadeCredential>> {
  const { challenge, exclude, user, address, algorithms, prf_input } = creation;
  const credential = await answered(() =>
    navigator.credentials.create({
      publicKey: {
        // Without an id it is the host of this page.
        rp: { name: "SecureMailbox" },
        user: { id: decode(user), name: address, displayName: address },
        challenge: decode(challenge),
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: exclude.map(named),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        extensions: { prf: { eval: { first: decode(prf_input) } } },
      },
    }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  const said = { client_data: encode(response.clientDataJSON), authenticator_data: encode(response.getAuthenticatorData()) };
  return { said, output: outputOf(credential) };
}

/** A passkey was made and is not used: where the browser can be told, it stops offering it. */
export function giveUpPasskey(credentialId: string): void {
  void PublicKeyCredential.signalUnknownCredential?.({ rpId: location.hostname, credentialId }).catch(() => undefined);
}

/** Has a passkey sign. `offered`: not by a question, but where the address is typed. */
export async function usePasskey(request: PasskeyRequest, offered?: AbortSignal): Promise<Held<Assertion>> {
  const { challenge, credentials, prf_input } = request;
  const credential = await answered(() =>
    navigator.credentials.get({
      ...(offered ? { mediation: "conditional", signal: offered } : {}),
      publicKey: {
        challenge: decode(challenge),
        allowCredentials: credentials.map(named),
        userVerification: "required",
        ...(prf_input === null ? {} : { extensions: { prf: { eval: { first: decode(prf_input) } } } }),
      },
    }),
  );
  const response = credential.response as AuthenticatorAssertionResponse;
  const said: Assertion = {
    credential: encode(credential.rawId),
    client_data: encode(response.clientDataJSON),
    authenticator_data: encode(response.authenticatorData),
    signature: encode(response.signature),
    ...(response.userHandle ? { user: encode(response.userHandle) } : {}),
  };
  return { said, output: outputOf(credential) };
}

const named = (id: string): PublicKeyCredentialDescriptor => ({ type: "public-key", id: decode(id) });

/** Once for each credential: a browser gives the same bytes, or fresh ones, each time it is asked. */
function outputOf(credential: PublicKeyCredential): ArrayBuffer | null {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first instanceof ArrayBuffer ? first : null;
}

async function answered(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!knowsPasskeys) throw new NoAnswer("unable");
  let credential: Credential | null;
  try {
    credential = await ask();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "InvalidStateError") throw new NoAnswer("there-already");
    if (name === "NotAllowedError" || name === "AbortError") throw new NoAnswer("closed");
    throw new NoAnswer("unable");
  }
  if (!(credential instanceof PublicKeyCredential)) throw new NoAnswer("closed");
  return credential;
}
