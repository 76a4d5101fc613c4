/**
 * An operation of the mission changes what it was shown (S7: the referral of a woman whose address is restricted goes on):
 * what a mask took away is put back from the stored version, and stays as it is. Who writes by hand sends back the whole or
 * nothing (`requireWhole`).
 */
import { refuse } from '../fhir/outcome.ts';
import { hasSameContent } from '../fhir/same-content.ts';
import type { Json, Resource } from '../fhir/types.ts';
import { applyMasks } from '../governance/apply-masks.ts';
import type { Decision } from '../governance/decision-types.ts';
import { parseStored } from './decide.ts';
import type { Context, ResourceDocument } from './types.ts';

/** The document as it is to be written. @throws Outcome 403 when the operation would change an element it was not shown whole */
export function withMaskedParts(
  context: Context,
  document: ResourceDocument,
  before: Decision | null,
  body: string | null,
): ResourceDocument {
  const isPart = document.resource.meta?.tag?.some(({ code }) => code === 'SUBSETTED') === true;
  if (!isPart || context.operation === undefined || before === null || body === null) return document;
  const stored = parseStored(body);
  const shown = applyMasks(stored.resource, before.masks);
  const whole: Resource = { ...stored.resource };
  const sent = document.resource;
  for (const name of new Set([...Object.keys(sent), ...Object.keys(shown)])) {
    if (name === 'meta' || same(sent[name], shown[name])) continue;
    if (!same(shown[name], stored.resource[name])) throw hidden(sent.resourceType, name);
    if (sent[name] === undefined) delete whole[name];
    else whole[name] = sent[name];
  }
  return { resource: whole, numbers: stored.numbers };
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  const numbers = { size: 0, get: () => undefined };
  const of = (value: Json | undefined) => ({
    resource: { resourceType: 'x', ...(value === undefined ? {} : { value }) },
    numbers,
  });
  return hasSameContent(of(a), of(b));
}

function hidden(type: string, name: string) {
  return refuse(403, 'forbidden', `Part of ${type}.${name} is not shown to you, so this step cannot change it`);
}
