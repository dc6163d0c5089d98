// What is typed into the fields of a contact, and which field a refusal is about.
import type { Form } from "../app/form.svelte.ts";
import { readable } from "../parts/phone_number.ts";
import type { Contact } from "../worker/types.ts";

export interface Typed {
  name: string;
  phone: string;
  note: string;
}

export const NOTHING: Readonly<Typed> = { name: "", phone: "", note: "" };

/** The fields as they begin for a contact. */
export function typedOf({ called, phone, note }: Contact): Typed {
  return { name: called ?? "", phone: phone === null ? "" : readable(phone), note: note ?? "" };
}

/** For `Form`. */
export const REFUSED: ConstructorParameters<typeof Form>[0] = {
  "not-a-name": "name",
  "not-a-phone-number": "phone",
  "not-a-note": "note",
  "not-an-address": "address",
  oneself: "address",
};
