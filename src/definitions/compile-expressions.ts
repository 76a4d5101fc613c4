/** SearchParameter expressions taken apart: unions, casts, and the part that speaks of one type. */

/** Splits at `|` outside parentheses and quotes: `A.b | (A.c as d)` -> two parts, trimmed. */
export function splitUnion(expression: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < expression.length; i += 1) {
    const char = expression[i];
    if (char === "'" && expression[i - 1] !== '\\') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '|' && depth === 0) {
      parts.push(expression.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(expression.slice(start).trim());
  return parts.filter((part) => part !== '');
}

/** Position of the parenthesis that closes the one at the start, or -1; those in quotes do not count. */
function closing(text: string): number {
  if (!text.startsWith('(')) return -1;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === "'" && text[i - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') depth -= 1;
    if (depth === 0) return i;
  }
  return -1;
}

/**
 * Outer parentheses off, `x as T` and `.as(T)` as `.ofType(T)`, which also holds for several items, and `extension('u')`
 * as the filter it stands for.
 */
function normalise(part: string): string {
  let text = part.trim();
  while (text.length > 0 && closing(text) === text.length - 1) text = text.slice(1, -1).trim();
  return text
    .replace(/\.as\((\w+)\)/g, '.ofType($1)')
    .replace(/^([\w.]+) as (\w+)$/, '$1.ofType($2)')
    .replace(/\bextension\(\s*('[^'\\]*')\s*\)/g, 'extension.where(url=$1)');
}

/** The plain terms of an expression: unions taken apart at any depth, `(A.b as T).c` as `A.b.ofType(T).c`. */
function termsOf(expression: string): string[] {
  return splitUnion(expression).flatMap((part) => {
    const text = normalise(part);
    if (splitUnion(text).length > 1) return termsOf(text);
    const end = closing(text);
    if (end < 0 || text[end + 1] !== '.') return [text];
    return termsOf(text.slice(1, end)).map((term) => term + text.slice(end + 1));
  });
}

/**
 * The part of a SearchParameter expression that speaks of `type`, as FHIRPath starting at the type's own name:
 * `Patient.name | Person.name` for Patient -> `Patient.name`; `Resource.id` -> `Patient.id`; `name | alias` for
 * InsurancePlan -> `InsurancePlan.name | InsurancePlan.alias`. Empty when no part does.
 */
export function expressionFor(type: string, expression: string): string {
  const parts: string[] = [];
  for (const text of termsOf(expression)) {
    const head = /^[A-Za-z]+/.exec(text)?.[0] ?? '';
    if (head === type) parts.push(text);
    else if (head === 'Resource' || head === 'DomainResource') parts.push(type + text.slice(head.length));
    else if (/^[a-z]/.test(head)) parts.push(`${type}.${text}`);
  }
  return [...new Set(parts)].join(' | ');
}
