/**
 * Which codes a questionnaire's value sets hold: by the definitions, by what it contains, by what is stored here, and, for
 * what is left, by another terminology server when one is configured. What nobody can decide stays a warning.
 */
import type { InValueSet } from '../definitions/answers/answer-checks.ts';
import type { Form } from '../definitions/answers/form.ts';
import { TermFault } from '../definitions/terms/faults.ts';
import type { TermSource } from '../definitions/terms/source.ts';
import { memberOf } from '../definitions/terms/value-set.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import type { Asking } from './canonical.ts';
import { sourceFor } from './term-source.ts';

/** Codes of one response asked about elsewhere, at most; the rest stay undecided. */
const MOST_ASKED = 20;

interface Pending {
  valueSet: string;
  system: string;
  code: string;
}

/** Runs a check, and once more when another server knew what could not be decided here. */
export async function withTerms<T>(
  asking: Asking,
  questionnaire: Resource,
  form: Form,
  check: (inValueSet: InValueSet) => T,
): Promise<T> {
  const contained = containedIn(questionnaire);
  const unlisted = form.valueSets.filter((url) => asking.door.definitions.inValueSet(url, undefined, '') === null);
  const source = unlisted.length + contained.length === 0 ? null : sourceFor(asking.door, contained);
  const pending = new Map<string, Pending>();
  const known = new Map<string, boolean>();
  const inValueSet: InValueSet = (valueSet, system, code) => {
    const decided = local(asking, { source, contained }, { valueSet, system, code });
    if (decided !== null || system === undefined) return decided;
    const key = `${valueSet} ${system}|${code}`;
    pending.set(key, { valueSet, system, code });
    return known.get(key) ?? null;
  };
  const first = check(inValueSet);
  const { externalTerms } = asking.door;
  if (pending.size === 0 || externalTerms === null) return first;
  await Promise.all(
    [...pending].slice(0, MOST_ASKED).map(async ([key, { valueSet, system, code }]) => {
      if (valueSet.startsWith('#')) return;
      const answer = await externalTerms.ask('ValueSet/$validate-code', { url: valueSet, system, code });
      const result = answer.kind === 'answer' ? resultOf(answer.resource) : null;
      if (result !== null) known.set(key, result);
    }),
  );
  return known.size === 0 ? first : check(inValueSet);
}

function local(
  { door }: Asking,
  { source, contained }: { source: TermSource | null; contained: readonly Resource[] },
  { valueSet, system, code }: { valueSet: string; system: string | undefined; code: string },
): boolean | null {
  const inside = valueSet.startsWith('#') ? contained.find(({ id }) => `#${id}` === valueSet) : undefined;
  const listed = valueSet.startsWith('#') ? null : door.definitions.inValueSet(valueSet, system, code);
  const found = inside ?? source?.find('ValueSet', valueSet);
  if (listed !== null || found === undefined || found === null || source === null) return listed;
  try {
    const member = memberOf(found, { source, system, code });
    return member === null ? null : member !== false;
  } catch (error) {
    // a value set that includes itself decides nothing
    if (error instanceof TermFault) return null;
    throw error;
  }
}

function containedIn(questionnaire: Resource): Resource[] {
  const list = Array.isArray(questionnaire.contained) ? questionnaire.contained.filter(isObject) : [];
  return list.flatMap((one) =>
    typeof one.resourceType === 'string' ? { ...one, resourceType: one.resourceType } : [],
  );
}

function resultOf(answer: Resource): boolean | null {
  const parts = Array.isArray(answer.parameter) ? answer.parameter : [];
  const part = parts.find((one) => isObject(one) && one.name === 'result');
  return isObject(part) && typeof part.valueBoolean === 'boolean' ? part.valueBoolean : null;
}
