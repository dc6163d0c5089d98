// Trusted Types (W3C), as far as the page makes Workers; TypeScript's own library does not have it yet.

declare var trustedTypes:
  | {
      createPolicy(
        name: string,
        rules: { createScriptURL(url: string): string },
      ): { createScriptURL(url: string): URL };
    }
  | undefined;
