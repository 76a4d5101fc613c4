/**
 * What a partner's people opened of records it received from here: AuditEvents posted by a client that was given the scope
 * for it, kept in a chain of its own (domain.md 4.12, 6.5). Nobody else writes AuditEvents, and nothing of ours mixes in.
 */
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import { refuse } from '../fhir/outcome.ts';
import { parseReference } from '../fhir/references.ts';
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { parseBody } from '../record/document.ts';
import { entryOf } from '../record/entry.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { familyByWords } from '../store/models/access-record.ts';
import { insertPartnerEvent, partnerEventId } from '../store/models/partner-audit.ts';
import { inTransaction } from '../store/transaction.ts';
import { recordInside } from './officer.ts';

/** Given by name alone: a wildcard over all types is no intake. */
const INTAKE_SCOPE = 'system/AuditEvent.c';

/** True for a client that may post AuditEvents. */
export function isPartnerIntake({ principal }: Context): boolean {
  return principal.kind === 'system' && principal.scopes.includes(INTAKE_SCOPE);
}

/** Keeps one event. @returns its id. @throws Outcome 400, 422 for what is no valid AuditEvent about a patient */
export function takePartnerEvent(door: Door, context: Context, body: Buffer): Promise<string> {
  const entry = { ...entryOf(context, 'create'), entities: ['AuditEvent'], rules: ['R-27'], detail: 'partner-intake' };
  return audited(door, entry, async () => {
    const { resource } = parseBody(door, body);
    if (resource.resourceType !== 'AuditEvent') throw refuse(422, 'business-rule', 'Only an AuditEvent is taken here');
    const [wrong] = door.definitions
      .validate(resource)
      .filter(({ severity }) => severity === 'error' || severity === 'fatal');
    if (wrong !== undefined) throw refuse(422, 'invalid', wrong.diagnostics, wrong.expression);
    const patients = await patientsIn(door, resource);
    return inTransaction(door.pool, async (client) => {
      const event = {
        client: context.principal.clientId,
        recorded: String(resource.recorded),
        body: JSON.stringify(resource),
        patients,
      };
      const seq = await insertPartnerEvent(client, event);
      // Whose record it names stays between the partner and the chain: an unknown person is answered like a known one.
      const id = partnerEventId(seq);
      await recordInside(client, { ...entry, status: 201, patients, entities: [`AuditEvent/${id}`] });
      return id;
    });
  });
}

/** Patients of ours that it names, by our reference or by NHS number; those we do not hold are kept in its text alone. */
async function patientsIn(door: Door, { entity }: Resource): Promise<string[]> {
  const whats = (Array.isArray(entity) ? entity : [])
    .filter(isObject)
    .map(({ what }) => what)
    .filter(isObject);
  // Another server's Patient may have an id that is one of ours: only a reference to this server names ours.
  const references = whats.flatMap(({ reference }) => {
    const named = typeof reference === 'string' ? parseReference(reference, [door.base]) : null;
    return named?.kind === 'local' && named.type === 'Patient' ? [`Patient/${named.id}`] : [];
  });
  const words = whats
    .flatMap(({ identifier }) => numberIn(identifier))
    .map((number) => word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|${number}`));
  const { found } = words.length === 0 ? { found: [] } : await familyByWords(door.pool, words);
  return [...new Set([...references, ...found])].slice(0, 50);
}

function numberIn(identifier: JsonObject[string]): string[] {
  if (!isObject(identifier) || identifier.system !== NHS_NUMBER || typeof identifier.value !== 'string') return [];
  return [identifier.value.replaceAll(' ', '')];
}
