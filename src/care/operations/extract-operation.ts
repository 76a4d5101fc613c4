/**
 * `QuestionnaireResponse/[id]/$extract` (SDC: returns the Bundle, posts nothing) and our own `$extract-apply`, which
 * writes it, idempotently (domain.md 2.6).
 */
import type { JsonObject, Resource, StoredResource } from '../../fhir/types.ts';
import { reference } from '../canon.ts';
import { addressed, created } from '../change.ts';
import { extract, extractProvenance, isAssessmentCopy } from '../extract.ts';
import type { ExtractContext } from '../extract-base.ts';
import { EXTRACT, EXTRACT_PROPOSAL } from '../extract-identity.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { addressOf, changesOf, conditionOf, type PlannedWrite, planBundle, planReExtract } from '../re-extract.ts';
import { textAt } from '../shape.ts';

const FROM_COPY = ['Observation', 'RiskAssessment', 'Goal', 'Task', 'ServiceRequest', 'CarePlan'];
const FROM_CONFIDENTIAL = ['Flag', 'Condition', 'Task'];

interface Planned {
  plan: PlannedWrite[];
  provenance: Resource | undefined;
}

async function planFor(port: CarePort, id: string, safeguardingTeam?: string): Promise<Planned> {
  const response = await port.read('QuestionnaireResponse', id);
  const context = await contextOf(port, response);
  const team = safeguardingTeam === undefined ? {} : { safeguardingTeam: reference(safeguardingTeam) };
  const output = extract(response, { ...context, ...team });
  const patient = textAt(response, 'subject', 'reference') ?? '';
  const types = isAssessmentCopy(response) ? FROM_COPY : FROM_CONFIDENTIAL;
  const identifier = `${EXTRACT}|,${EXTRACT_PROPOSAL}|`;
  const existing = await Promise.all(types.map((type) => port.search(type, { patient, identifier })));
  const plan = planReExtract(id, existing.flat(), output);
  const changes = changesOf(plan);
  const [first] = output;
  // The Provenance of a confidential extraction is as confidential as what it names.
  const labelled = first?.resource.meta?.security ?? response.meta.security ?? [];
  const source = { ...response, meta: { ...response.meta, security: labelled } };
  const provenance = changes.length === 0 ? undefined : extractProvenance(source, changes.map(addressOf), port.now);
  return { plan, provenance };
}

/** When the visit took place and whose plan it is; from the record, so that a later release says the same. */
async function contextOf(port: CarePort, response: StoredResource): Promise<ExtractContext> {
  const visit = textAt(response, 'encounter', 'reference');
  const encounter = visit === undefined ? undefined : await port.read('Encounter', addressed(visit, 'Encounter').id);
  const effective = textAt(encounter, 'period', 'start') ?? textAt(response, 'authored') ?? response.meta.lastUpdated;
  const patient = textAt(response, 'subject', 'reference') ?? '';
  const teams = await port.search('CareTeam', { patient, status: 'active' });
  const [team] = teams.sort((a, b) => a.id.localeCompare(b.id));
  return team === undefined ? { effective } : { effective, careTeam: reference(`CareTeam/${team.id}`) };
}

/** The transaction Bundle a response yields now. Writes nothing. Throws Outcome 422 when it cannot be extracted. */
export async function extractOperation(port: CarePort, id: string): Promise<Resource> {
  const { plan, provenance } = await planFor(port, id);
  return planBundle(plan, provenance);
}

/**
 * Writes what `$extract` would return and gives a Parameters resource: one parameter per resource, named by what was
 * done with it (`create`, `update`, `retire`, `propose`, `keep`, `unchanged`). Repeating it changes nothing.
 */
export async function extractApply(port: CarePort, id: string, safeguardingTeam?: string): Promise<Resource> {
  const { plan, provenance } = await planFor(port, id, safeguardingTeam);
  const changes = changesOf(plan);
  const entries = changes.map(entryOf);
  if (provenance !== undefined) entries.push(created(provenance));
  const stored = entries.length === 0 ? [] : await port.transaction(entries);
  const parameter = plan.map((write): JsonObject => {
    const written = stored[changes.indexOf(write)] ?? write.existing;
    const part: JsonObject[] = [{ name: 'why', valueString: write.why }];
    if (written !== undefined) {
      part.unshift({ name: 'resource', valueReference: reference(`${written.resourceType}/${written.id}`) });
    }
    return { name: write.action, part };
  });
  return { resourceType: 'Parameters', parameter };
}

function entryOf(write: PlannedWrite): CareEntry {
  const { existing, resource } = write;
  if (existing !== undefined && write.action !== 'propose') {
    return { method: 'PUT', resource: { ...resource, id: existing.id }, ifMatch: existing.meta.versionId };
  }
  return { method: 'POST', fullUrl: addressOf(write), resource, ifNoneExist: conditionOf(resource) };
}
