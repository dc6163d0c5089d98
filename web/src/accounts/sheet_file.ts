import { m } from "../paraglide/messages.js";
import { wholeDate } from "../parts/dates.ts";
import { saveFile } from "../parts/save_file.ts";
import type { Sheet } from "../worker/types.ts";

/** The recovery sheet as plain text, which every device can show and print in twenty years. */
function sheetText(sheet: Sheet, now: number): string {
  return [
    `${m["brand"]()} – ${m["sheet.title"]()}`,
    m["sheet.made"]({ date: wholeDate(now) }),
    m["sheet.what"](),
    `${m["sheet.code"]()}: ${sheet.recovery_code.replaceAll("-", " ")}\n${m["sheet.code_note"]()}`,
    `${m["sheet.mailbox"]()}: ${sheet.address}\n${m["sheet.opens_at"]()}: ${location.host}`,
    m["sheet.if_forgotten"](),
    [m["sheet.do_1"](), m["sheet.do_2"](), m["sheet.do_3"](), m["sheet.do_4"]()].map((step, index) => `${index + 1}. ${step}`).join("\n"),
    m["sheet.warning"](),
  ].join("\n\n");
}

/** Saves the sheet as a file. */
export function saveSheet(sheet: Sheet): void {
  saveFile(m["sheet.file_name"](), `${sheetText(sheet, Date.now())}\n`, "text/plain;charset=utf-8");
}
