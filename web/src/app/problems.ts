// What a person is told of a failure: what happened, and what to do now. One entry for every name that the server, the
// client and a Worker give; a name from another build gets the general sentence.
import { m } from "../paraglide/messages.js";
import { waitingTime } from "../parts/dates.ts";
import { shownAddress } from "../parts/shown_address.ts";
import type { Problem, ProblemName } from "../worker/types.ts";

export interface Explained {
  /** What happened: the first sentence of a notice. */
  what: string;
  /** What to do about it. */
  todo: string;
}

/** What a sentence may speak of. */
interface Particulars {
  who: string;
  /** How long to wait. */
  time: string;
  /** The number of the request, where the server gave one. */
  request: string | null;
}

type Sentences = [what: (particulars: Particulars) => string, todo: (particulars: Particulars) => string];

/** When the server does not say how long to wait. */
const A_WHILE = 120;

/** Names that are one thing to a person. */
const SAME = {
  "second-record": "contradiction",
  "unknown-form": "old-page",
  "unknown-problem": "old-page",
  "unreadable-answer": "old-page",
  "bad-request": "old-page",
  "method-not-allowed": "old-page",
  "unsupported-media-type": "old-page",
  "precondition-required": "old-page",
  "other-tus": "old-page",
  "two-credentials": "old-page",
  "not-an-opening": "old-page",
  "session-lives-on": "unreachable",
  "wrong-host": "other-origin",
  "record-exists": "contended",
  "stale-version": "contended",
  "stale-draft": "contended",
  "session-locked": "locked",
} as const satisfies Partial<Record<ProblemName, ProblemName>>;

/** The others, each with its own. */
const SENTENCES: Readonly<Record<Exclude<ProblemName, keyof typeof SAME>, Sentences>> = {
  "members-only": [() => m["problem.members_only"](), () => m["problem.members_only.do"]()],
  "page-name-taken": [() => m["problem.page_name_taken"](), () => m["problem.page_name_taken.do"]()],
  "work-refused": [() => m["problem.work_refused"](), () => m["problem.do.again"]()],
  "not-a-page-name": [() => m["problem.not_a_page_name"](), () => m["problem.not_a_page_name.do"]()],
  "not-a-page-name-for-you": [() => m["problem.not_a_page_name_for_you"](), () => m["problem.not_a_page_name_for_you.do"]()],
  "not-a-page-title": [() => m["problem.not_a_page_title"](), () => m["problem.not_a_page_title.do"]()],
  "no-level-by-link": [() => m["problem.no_level_by_link"](), () => m["problem.no_level_by_link.do"]()],
  "link-shut": [() => m["problem.link_shut"](), () => m["problem.link_shut.do"]()],
  "link-cut": [() => m["problem.link_cut"](), () => m["problem.link_cut.do"]()],
  "passkey-opens-nothing": [() => m["problem.passkey_opens_nothing"](), () => m["problem.passkey_opens_nothing.do"]()],
  "words-differ": [() => m["problem.words_differ"](), () => m["problem.words_differ.do"]()],
  "link-differs": [() => m["problem.link_differs"](), () => m["problem.link_differs.do"]()],
  unreachable: [() => m["problem.unreachable"](), () => m["problem.unreachable.do"]()],
  internal: [() => m["problem.internal"](), ({ request }) => (request ? m["problem.internal.do.number"]({ request }) : m["problem.internal.do"]())],
  busy: [() => m["problem.busy"](), () => m["problem.busy.do"]()],
  "too-many-requests": [() => m["problem.too_many_requests"](), ({ time }) => m["problem.too_many_requests.do"]({ time })],
  "too-many-letters": [() => m["problem.too_many_letters"](), ({ time }) => m["problem.too_many_letters.do"]({ time })],
  "code-not-sent": [() => m["problem.code_not_sent"](), () => m["problem.code_not_sent.do"]()],
  "not-a-mobile-number": [() => m["problem.not_a_mobile_number"](), () => m["problem.not_a_mobile_number.do"]()],
  "other-country": [() => m["problem.other_country"](), () => m["problem.other_country.do"]()],
  "mailbox-full": [() => m["problem.mailbox_full"](), () => m["problem.mailbox_full.do"]()],
  "reader-full": [() => m["problem.reader_full"](), () => m["problem.reader_full.do"]()],
  "storage-full": [() => m["problem.storage_full"](), () => m["problem.storage_full.do"]()],
  "request-timeout": [() => m["problem.request_timeout"](), () => m["problem.request_timeout.do"]()],
  "too-large": [() => m["problem.too_large"](), () => m["problem.too_large.do"]()],
  "too-large-for-proxy": [() => m["problem.too_large_for_proxy"](), () => m["problem.too_large_for_proxy.do"]()],
  "not-signed-in": [() => m["problem.not_signed_in"](), () => m["problem.not_signed_in.do"]()],
  locked: [() => m["problem.locked"](), () => m["problem.locked.do"]()],
  "credentials-refused": [() => m["problem.credentials_refused"](), () => m["problem.credentials_refused.do"]()],
  "code-refused": [() => m["problem.code_refused"](), () => m["problem.code_refused.do"]()],
  "code-replaced": [() => m["problem.code_replaced"](), () => m["problem.code_replaced.do"]()],
  "passkey-refused": [() => m["problem.passkey_refused"](), () => m["problem.passkey_refused.do"]()],
  "code-used": [() => m["problem.code_used"](), () => m["problem.code_used.do"]()],
  "older-sheet": [() => m["problem.older_sheet"](), () => m["problem.older_sheet.do"]()],
  "last-way-in": [() => m["problem.last_way_in"](), () => m["problem.last_way_in.do"]()],
  "one-time-code-length": [() => m["problem.one_time_code_length"](), () => m["problem.one_time_code_length.do"]()],
  "one-time-code-character": [() => m["problem.one_time_code_character"](), () => m["problem.one_time_code_character.do"]()],
  "proof-required": [() => m["problem.proof_required"](), () => m["problem.proof_required.do"]()],
  "not-a-code": [() => m["problem.not_a_code"](), () => m["problem.not_a_code.do"]()],
  "registration-closed": [() => m["problem.registration_closed"](), () => m["problem.registration_closed.do"]()],
  "other-domain": [() => m["problem.other_domain"](), () => m["problem.other_domain.do"]()],
  "already-released": [() => m["problem.already_released"](), () => m["problem.already_released.do"]()],
  "file-changed": [() => m["problem.file_changed"](), () => m["problem.file_changed.do"]()],
  "file-not-uploaded": [() => m["problem.file_not_uploaded"](), () => m["problem.file_not_uploaded.do"]()],
  "file-not-written": [() => m["problem.file_not_written"](), () => m["problem.file_not_written.do"]()],
  "not-the-file": [() => m["problem.not_the_file"](), () => m["problem.not_the_file.do"]()],
  "too-many-files": [() => m["problem.too_many_files"](), () => m["problem.too_many_files.do"]()],
  "blob-missing": [() => m["problem.blob_missing"](), () => m["problem.blob_missing.do"]()],
  "other-offset": [() => m["problem.upload_interrupted"](), () => m["problem.upload_interrupted.do"]()],
  "registration-over": [() => m["problem.registration_over"](), () => m["problem.registration_over.do"]()],
  "out-of-step": [() => m["problem.out_of_step"](), () => m["problem.out_of_step.do"]()],
  "not-an-address": [() => m["problem.not_an_address"](), () => m["problem.not_an_address.do"]()],
  "not-a-name": [() => m["problem.not_a_name"](), () => m["problem.not_a_name.do"]()],
  "not-a-note": [() => m["problem.not_a_note"](), () => m["problem.not_a_note.do"]()],
  "not-a-phone-number": [() => m["problem.not_a_phone_number"](), () => m["problem.not_a_phone_number.do"]()],
  "weak-password": [() => m["problem.weak_password"](), () => m["problem.weak_password.do"]()],
  "slip-of-the-pen": [() => m["problem.slip_of_the_pen"](), () => m["problem.slip_of_the_pen.do"]()],
  "recovery-code-length": [() => m["problem.recovery_code_length"](), () => m["problem.recovery_code_length.do"]()],
  "recovery-code-character": [() => m["problem.recovery_code_character"](), () => m["problem.recovery_code_character.do"]()],
  "somebody-else": [() => m["problem.somebody_else"](), () => m["problem.somebody_else.do"]()],
  "draft-waits": [() => m["problem.draft_waits"](), () => m["problem.draft_waits.do"]()],
  waiting: [() => m["problem.waiting"](), () => m["problem.waiting.do"]()],
  "not-found": [() => m["problem.not_found"](), () => m["problem.not_found.do"]()],
  "no-draft": [() => m["problem.no_draft"](), () => m["problem.no_draft.do"]()],
  "no-account": [({ who }) => m["problem.no_account"]({ who }), () => m["problem.no_account.do"]()],
  "no-recipients": [() => m["problem.no_recipients"](), () => m["problem.no_recipients.do"]()],
  "too-much-at-once": [() => m["problem.too_much_at_once"](), () => m["problem.too_much_at_once.do"]()],
  "too-many-recipients": [() => m["problem.too_many_recipients"](), () => m["problem.too_many_recipients.do"]()],
  "subject-too-long": [() => m["problem.subject_too_long"](), () => m["problem.subject_too_long.do"]()],
  "text-too-long": [() => m["problem.text_too_long"](), () => m["problem.text_too_long.do"]()],
  "letter-refused": [() => m["problem.letter_refused"](), () => m["problem.letter_refused.do"]()],
  "id-taken": [() => m["problem.id_taken"](), () => m["problem.id_taken.do"]()],
  "stale-key": [() => m["problem.stale_key"](), () => m["problem.stale_key.do"]()],
  "key-changed": [({ who }) => m["problem.key_changed"]({ who }), () => m["problem.key_changed.do"]()],
  "digits-differ": [({ who }) => m["problem.digits_differ"]({ who }), () => m["problem.digits_differ.do"]()],
  "renewal-under-way": [() => m["problem.renewal_under_way"](), () => m["problem.renewal_under_way.do"]()],
  "keyring-full": [() => m["problem.keyring_full"](), () => m["problem.keyring_full.do"]()],
  "other-address": [() => m["problem.other_address"](), () => m["problem.other_address.do"]()],
  "other-passphrase": [({ who }) => m["problem.other_passphrase"]({ who }), () => m["problem.other_passphrase.do"]()],
  "number-differs": [({ who }) => m["problem.number_differs"]({ who }), () => m["problem.number_differs.do"]()],
  "compare-first": [({ who }) => m["problem.compare_first"]({ who }), () => m["problem.compare_first.do"]()],
  "older-certificate": [({ who }) => m["problem.older_certificate"]({ who }), () => m["problem.do.nothing_sent"]()],
  "certificate-refused": [({ who }) => m["problem.certificate_refused"]({ who }), () => m["problem.do.nothing_sent"]()],
  oneself: [() => m["problem.oneself"](), () => m["problem.oneself.do"]()],
  "unknown-contact": [() => m["problem.unknown_contact"](), () => m["problem.unknown_contact.do"]()],
  damaged: [() => m["problem.damaged"](), () => m["problem.do.sender"]()],
  "certificate-missing": [() => m["problem.certificate_missing"](), () => m["problem.do.sender"]()],
  "sender-key-changed": [() => m["problem.sender_key_changed"](), () => m["problem.sender_key_changed.do"]()],
  "other-letter": [() => m["problem.other_letter"](), () => m["problem.do.sender"]()],
  withdrawn: [() => m["problem.withdrawn"](), () => m["problem.withdrawn.do"]()],
  "level-required": [() => m["problem.level_required"](), () => m["problem.level_required.do"]()],
  contended: [() => m["problem.contended"](), () => m["problem.do.again"]()],
  "older-record": [() => m["problem.older_record"](), () => m["problem.do.operator"]()],
  "server-went-back": [() => m["problem.server_went_back"](), () => m["problem.do.operator"]()],
  contradiction: [() => m["problem.contradiction"](), () => m["problem.do.operator"]()],
  "record-missing": [() => m["problem.record_missing"](), () => m["problem.do.operator"]()],
  "password-not-taken": [() => m["problem.password_not_taken"](), () => m["problem.password_not_taken.do"]()],
  "stale-keyring": [() => m["problem.stale_keyring"](), () => m["problem.stale_keyring.do"]()],
  "renewal-unanswered": [() => m["problem.renewal_unanswered"](), () => m["problem.renewal_unanswered.do"]()],
  unsaved: [() => m["problem.unsaved"](), () => m["problem.unsaved.do"]()],
  "record-does-not-open": [() => m["problem.record_does_not_open"](), () => m["problem.do.operator"]()],
  "slot-does-not-open": [() => m["problem.slot_does_not_open"](), () => m["problem.slot_does_not_open.do"]()],
  "damaged-profile": [() => m["problem.damaged_profile"](), () => m["problem.damaged_profile.do"]()],
  "device-failed": [() => m["problem.device_failed"](), () => m["problem.device_failed.do"]()],
  "old-page": [() => m["problem.old_page"](), () => m["problem.do.reload"]()],
  "broken-page": [() => m["problem.broken_page"](), () => m["problem.do.reload"]()],
  "other-origin": [() => m["problem.other_origin"](), () => m["problem.other_origin.do"]()],
};

export function explain(problem: Problem): Explained {
  const sentences = said(problem.name);
  if (!sentences) return { what: m["problem.unknown"](), todo: m["problem.unknown.do"]({ name: problem.name }) };
  const [what, todo] = sentences;
  const particulars = {
    who: problem.address === null ? m["problem.somebody"]() : shownAddress(problem.address),
    time: waitingTime(problem.retry_after ?? A_WHILE),
    request: problem.request,
  };
  return { what: what(particulars), todo: todo(particulars) };
}

function said(name: string): Sentences | undefined {
  const same: Readonly<Record<string, string>> = SAME;
  const sentences: Readonly<Record<string, Sentences>> = SENTENCES;
  return sentences[same[name] ?? name];
}

/** In one breath: under a field, in a live region. */
export function sentence(problem: Problem): string {
  const { what, todo } = explain(problem);
  return `${what} ${todo}`;
}
