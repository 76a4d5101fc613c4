/** Whether a search parameter reads what a mask removes: both named by their elements, from the resource down. */

/** Element names of each path of a parameter's expression, filters left out; choices with or without their type. */
export type ElementPaths = readonly (readonly string[])[];

/**
 * True when one of the paths ends at, above or below one of the masked elements. A mask that takes away some members of a
 * list (`extension[valueAddress]`) counts as the whole list: what a filter of the expression leaves is not followed.
 * @param paths null = nobody can tell what is read
 */
export function reaches(masked: readonly string[], paths: ElementPaths | null): boolean {
  if (paths === null) return masked.length > 0;
  return masked.some((mask) => paths.some((path) => meet(namesOf(mask), path)));
}

/** `item[linkId=jvc.third-party].answer` -> item, answer: dots inside brackets belong to a value. */
function namesOf(mask: string): string[] {
  return mask.replace(/\[[^\]]*\]/g, '').split('.');
}

function meet(a: readonly string[], b: readonly string[]): boolean {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) if (!alike(a[at] ?? '', b[at] ?? '')) return false;
  return true;
}

/** The same element, or a choice beside one of its types: `source` and `sourceAttachment`. */
function alike(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.startsWith(short) && (long.length === short.length || /[A-Z]/.test(long.charAt(short.length)));
}
