// Every address of the page. Plain data, so that the tests can walk it. An id or an address of somebody never stands
// in a path, only in the fragment, which no server and no proxy sees.

/** Who may be there: everybody, only who is not signed in, or only who has a mailbox open (or locked). */
export type Access = "anyone" | "signed-out" | "mailbox";

export type PageName = "sign-in" | "register" | "forgotten" | "lost" | "stop" | "guest" | "to" | "mail" | "compare" | "contacts" | "settings" | "outbox" | "real" | "not-found";

export interface Route {
  path: string;
  page: PageName;
  access: Access;
}

export const ROUTES: readonly Route[] = [
  { path: "/sign-in", page: "sign-in", access: "signed-out" },
  { path: "/register", page: "register", access: "signed-out" },
  { path: "/forgotten", page: "forgotten", access: "signed-out" },
  { path: "/lost", page: "lost", access: "signed-out" },
  { path: "/stop", page: "stop", access: "anyone" },
  { path: "/l", page: "guest", access: "anyone" },
  { path: "/to", page: "to", access: "anyone" },
  { path: "/mail/inbox", page: "mail", access: "mailbox" },
  { path: "/mail/sent", page: "mail", access: "mailbox" },
  { path: "/mail/drafts", page: "mail", access: "mailbox" },
  { path: "/mail/archive", page: "mail", access: "mailbox" },
  { path: "/mail/trash", page: "mail", access: "mailbox" },
  { path: "/mail/write", page: "mail", access: "mailbox" },
  { path: "/compare", page: "compare", access: "mailbox" },
  { path: "/contacts", page: "contacts", access: "mailbox" },
  { path: "/contacts/add", page: "contacts", access: "mailbox" },
  { path: "/contacts/links", page: "contacts", access: "mailbox" },
  { path: "/settings/looks", page: "settings", access: "mailbox" },
  { path: "/settings/account", page: "settings", access: "mailbox" },
  { path: "/settings/identity", page: "settings", access: "mailbox" },
  { path: "/settings/keys", page: "settings", access: "mailbox" },
  { path: "/settings/passkeys", page: "settings", access: "mailbox" },
  { path: "/settings/renewal", page: "settings", access: "mailbox" },
  { path: "/settings/sessions", page: "settings", access: "mailbox" },
  { path: "/settings/not-me", page: "settings", access: "mailbox" },
  { path: "/settings/space", page: "settings", access: "mailbox" },
  { path: "/real", page: "real", access: "anyone" },
  { path: "/demo/outbox", page: "outbox", access: "anyone" },
];

/** Addresses that stand for another one. */
export const SHORT: Readonly<Record<string, string>> = {
  "/mail": "/mail/inbox",
  "/settings": "/settings/looks",
};

const NOT_FOUND: Route = { path: "", page: "not-found", access: "anyone" };

/** The pages of members by which anybody writes: the only addresses with a name in them, which their owner made public. */
const PUBLIC_PAGE = /^\/to\/[^/]+$/;

export function routeOf(path: string): Route {
  const of = PUBLIC_PAGE.test(path) ? "/to" : path;
  return ROUTES.find((route) => route.path === of) ?? NOT_FOUND;
}

/** Whether the page answers for this path; other addresses (files, problem pages) are the server's. */
export function isPage(path: string): boolean {
  return path in SHORT || routeOf(path) !== NOT_FOUND;
}
