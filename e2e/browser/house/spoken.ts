// What a screen reader is given: Chromium's own accessibility tree, a line for each thing that is spoken.
import type { Page } from "@playwright/test";

/** Stands for nothing by itself: what is within is spoken in its place. */
const SILENT = new Set(["none", "generic", "InlineTextBox", "LineBreak", "ListMarker"]);
const STATES = new Set([
  "checked", "current", "disabled", "expanded", "focused", "invalid", "level", "modal", "live", "pressed", "readonly", "required", "selected",
  "setsize", "posinset",
]);

export async function spoken(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const lines: string[] = [];
  const walk = (id: string, depth: number, above: string) => {
    const node = byId.get(id);
    if (!node) return;
    const role = String(node.role?.value ?? "none");
    const name = String(node.name?.value ?? "").trim();
    // A text that its own link or heading has just said is not said again.
    const silent = node.ignored || SILENT.has(role) || (role === "StaticText" && above.includes(name));
    if (!silent) {
      const states = (node.properties ?? []).flatMap(({ name: state, value }) =>
        STATES.has(state) && value.value !== false && value.value !== "false" ? [`${state}=${String(value.value)}`] : [],
      );
      const description = node.description?.value ? ` (${String(node.description.value)})` : "";
      const value = node.value?.value ? ` = ${JSON.stringify(node.value.value)}` : "";
      const said = [role, name && JSON.stringify(name), ...states].filter(Boolean).join(" ");
      lines.push(`${"  ".repeat(depth)}${said}${value}${description}`);
    }
    for (const child of node.childIds ?? []) walk(child, silent ? depth : depth + 1, silent ? above : name);
  };
  const root = nodes.find(({ parentId }) => parentId === undefined);
  if (root) walk(root.nodeId, 0, "");
  return lines.join("\n");
}
