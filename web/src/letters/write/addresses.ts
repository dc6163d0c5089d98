/** The addresses in what was typed or pasted: lists with commas, semicolons or lines, and `Name <address>`. */
export function addressesIn(text: string): string[] {
  return text
    .split(/[,;\n\r\t]+/)
    .flatMap((part) => {
      const inBrackets = /<([^<>]+)>/.exec(part)?.[1];
      if (inBrackets !== undefined) return [inBrackets];
      return (part.match(/@/g) ?? []).length > 1 ? part.split(/\s+/) : [part];
    })
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
