/**
 * What a writer leaves out and yet stays: labels in `meta.security` (R-13: a PUT, a PATCH or a Bundle can raise a label, not
 * lower one), and the pointers to what was said about a resource that was corrected or disputed.
 */
import { cloneJson } from '../fhir/json.ts';
import { changeMeta } from '../fhir/meta.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { labelsToKeep } from '../governance/labels.ts';
import { parseStored } from './decide.ts';
import type { Context, ResourceDocument } from './types.ts';

/** The document with what stays of the stored version. The demo's loader alone writes exactly what its source says. */
export function withKeptLabels(context: Context, document: ResourceDocument, stored: string | null): ResourceDocument {
  if (stored === null || context.principal.role === 'steward') return document;
  const before = parseStored(stored).resource;
  const whole = withPointers(document, before);
  const security = labelsToKeep(before, whole.resource);
  if (security.length === 0) return whole;
  return changeMeta(whole.resource, { profile: [], tag: [], security }, 'meta-add', whole.numbers);
}

const SAID = /\/fhir\/StructureDefinition\/(amendment|statement)$/;

function withPointers(document: ResourceDocument, before: Resource): ResourceDocument {
  const given = extensionsOf(document.resource).map((one) => JSON.stringify(one));
  const lost = extensionsOf(before).filter(
    (one) => typeof one.url === 'string' && SAID.test(one.url) && !given.includes(JSON.stringify(one)),
  );
  if (lost.length === 0) return document;
  const { root, numbers } = cloneJson(document.resource, document.numbers);
  const resource = asResource(root);
  resource.extension = [...extensionsOf(resource), ...lost];
  return { resource, numbers };
}

function extensionsOf({ extension }: Resource): JsonObject[] {
  return Array.isArray(extension) ? extension.filter(isObject) : [];
}
