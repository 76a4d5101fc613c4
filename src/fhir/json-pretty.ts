/** JSON text with line ends and two spaces per level, for people (`_pretty=true`); values are not touched. */

/** `json` must be JSON as JSON.stringify writes it: no blanks between values. */
export function prettyJson(json: string): string {
  const out: string[] = [];
  let depth = 0;
  const line = (): void => {
    out.push(`\n${'  '.repeat(depth)}`);
  };
  // A string, one mark of structure, or a run of other characters (numbers, true, false, null).
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^"{}[\],:]+/g)) {
    if (token === '{' || token === '[') {
      out.push(token);
      depth += 1;
      line();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      line();
      out.push(token);
    } else if (token === ',') {
      out.push(token);
      line();
    } else out.push(token === ':' ? ': ' : token);
  }
  return out.join('');
}
