// The token of a link, as the vault derives it (`a_link_shows_the_token_that_the_page_derives_too`).
import { expect, test } from "@playwright/test";
import { tokenOf } from "../../../web/src/guests/glance.ts";

const LINK = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9jDc0p";

test("a link shows the token that the vault derives", async () => {
  expect(await tokenOf(LINK)).toBe("hYNR38nqv_e2Cpes5W4irBTWqxzezSMtmmi6G6LqR-o");
});

test("what is not whole shows none", async () => {
  for (const link of ["", LINK.slice(1), `${LINK}A`, LINK.replace("A", "+")]) expect(await tokenOf(link)).toBeUndefined();
});
