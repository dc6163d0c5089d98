/** What somebody has typed who writes by a page. */
export interface Typed {
  name: string;
  /** Where they are told of an answer; empty where nowhere. */
  email: string;
  subject: string;
  text: string;
}
