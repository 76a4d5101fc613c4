/** What a writer leaves out of `meta.security` stays: a PUT, a PATCH or a Bundle can raise a label, not lower one. */
import { changeMeta } from '../fhir/meta.ts';
import { labelsToKeep } from '../governance/labels.ts';
import { parseStored } from './decide.ts';
import type { Context, ResourceDocument } from './types.ts';

/** The document with the labels of the stored version. The demo's loader alone writes exactly what its source says. */
export function withKeptLabels(context: Context, document: ResourceDocument, stored: string | null): ResourceDocument {
  if (stored === null || context.principal.role === 'steward') return document;
  const security = labelsToKeep(parseStored(stored).resource, document.resource);
  if (security.length === 0) return document;
  return changeMeta(document.resource, { profile: [], tag: [], security }, 'meta-add', document.numbers);
}
