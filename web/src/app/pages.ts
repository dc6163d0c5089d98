// Which component stands at a route. The sign-in page comes with the first load; everything else when it is wanted.
import type { Component } from "svelte";
import { m } from "../paraglide/messages.js";
import SignInPage from "../sign_in/SignInPage.svelte";
import type { PageName, Route } from "./routes.ts";

export interface PageProps {
  path: string;
  /** What stands after `#`, decoded. */
  fragment: string;
}

export type Page = Component<PageProps>;

/** Some pages are the same whatever the path and the fragment say. */
type AnyPage = Page | Component<Record<string, never>>;

const PAGES: Record<PageName, () => Promise<{ default: AnyPage }>> = {
  "sign-in": () => Promise.resolve({ default: SignInPage }),
  register: () => import("../accounts/RegisterPage.svelte"),
  forgotten: () => import("../accounts/ForgottenPage.svelte"),
  lost: () => import("../accounts/LostPage.svelte"),
  guest: () => import("../guests/GuestPage.svelte"),
  to: () => import("../public_pages/ToPage.svelte"),
  stop: () => import("../accounts/StopPage.svelte"),
  mail: () => import("../letters/MailPage.svelte"),
  compare: () => import("../directory/ComparePage.svelte"),
  contacts: () => import("../contacts/ContactsPage.svelte"),
  settings: () => import("../settings/SettingsPage.svelte"),
  real: () => import("../help/RealPage.svelte"),
  outbox: () => import("../demo/OutboxPage.svelte"),
  "not-found": () => import("./NotFound.svelte"),
};

const loaded = new Map<PageName, Page>();

/** The page if it is here already, so that going back paints in one go. */
export function loadPage(name: PageName): Page | Promise<Page> {
  return loaded.get(name) ?? PAGES[name]().then((module) => keep(name, module.default as Page));
}

function keep(name: PageName, page: Page): Page {
  loaded.set(name, page);
  return page;
}

const TITLES: Record<string, () => string> = {
  "/sign-in": () => m["title.sign_in"](),
  "/register": () => m["title.register"](),
  "/forgotten": () => m["title.forgotten"](),
  "/lost": () => m["title.lost"](),
  "/stop": () => m["title.stop"](),
  "/l": () => m["title.guest"](),
  "/to": () => m["title.to"](),
  "/mail/inbox": () => m["folder.inbox"](),
  "/mail/sent": () => m["folder.sent"](),
  "/mail/drafts": () => m["folder.drafts"](),
  "/mail/archive": () => m["folder.archive"](),
  "/mail/trash": () => m["folder.trash"](),
  "/mail/write": () => m["title.write"](),
  "/compare": () => m["title.compare"](),
  "/contacts": () => m["contacts.title"](),
  "/contacts/add": () => m["contacts.add"](),
  "/contacts/links": () => m["links.title"](),
  "/settings/looks": () => m["title.settings_looks"](),
  "/settings/account": () => m["title.settings_account"](),
  "/settings/identity": () => m["title.settings_identity"](),
  "/settings/keys": () => m["title.settings_keys"](),
  "/settings/passkeys": () => m["title.settings_passkeys"](),
  "/settings/renewal": () => m["title.settings_renewal"](),
  "/settings/sessions": () => m["title.settings_sessions"](),
  "/settings/not-me": () => m["title.settings_not_me"](),
  "/settings/space": () => m["title.settings_space"](),
  "/real": () => m["real.title"](),
  "/demo/outbox": () => m["title.outbox"](),
};

export function titleOf(route: Route): string {
  return (TITLES[route.path] ?? m["title.not_found"])();
}
