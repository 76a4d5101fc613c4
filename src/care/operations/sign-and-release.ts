/** `QuestionnaireResponse/[id]/$sign` and `$release`: from the working copy to the JVA copy (domain.md 2.5). */
import { refuse } from '../../fhir/outcome.ts';
import type { Resource, StoredResource } from '../../fhir/types.ts';
import { answeredPractitioners } from '../answers.ts';
import { questionnaireUrl, reference } from '../canon.ts';
import { addressed, changed, created, personOf } from '../change.ts';
import { urnOf } from '../extract-identity.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { readReferral, referralEvent } from '../referral.ts';
import { copyIdentifier, missingSignatures, planRelease, withSignature } from '../release.ts';
import { objectsAt, textAt } from '../shape.ts';

const isAssessment = (response: Resource): boolean =>
  textAt(response, 'questionnaire')?.split('|')[0] === questionnaireUrl('joint-visit-assessment');

/** The one copy of a working response, when it has been released before. */
async function copyOfWorking(port: CarePort, workingId: string): Promise<StoredResource | undefined> {
  const { system, value } = copyIdentifier(workingId);
  const [copy] = await port.search('QuestionnaireResponse', { identifier: `${system}|${value}` });
  return copy;
}

/**
 * Adds the calling practitioner's signature over the present answers. When all required signatures stand the response
 * becomes `completed`, or `amended` when it was released before. Throws Outcome 403 for one who did not attend, 422 for
 * anything but a working copy.
 */
export async function sign(port: CarePort, id: string): Promise<{ response: Resource; missing: string[] }> {
  const who = personOf(port);
  const working = await port.read('QuestionnaireResponse', id);
  if (!isAssessment(working))
    throw refuse(422, 'business-rule', 'only a joint visit assessment is signed by both practitioners');
  if (!answeredPractitioners(working).includes(who)) {
    throw refuse(403, 'forbidden', 'only a practitioner who attended the visit signs its assessment');
  }
  const signed = withSignature(working, reference(who), port.now);
  const missing = missingSignatures(signed);
  const status = missing.length > 0 ? textAt(working, 'status') : await finalStatus(port, id);
  const [stored] = await port.transaction([
    changed(working, { ...signed, ...(status === undefined ? {} : { status }) }),
  ]);
  return { response: stored ?? signed, missing };
}

async function finalStatus(port: CarePort, id: string): Promise<string> {
  return (await copyOfWorking(port, id)) === undefined ? 'completed' : 'amended';
}

/**
 * Writes the copy (or its next version) with its Provenance, and moves the referral on to `plan-agreed`. Throws Outcome
 * 422 with everything that stands in the way: signatures, the mother's yes, the R-14 check.
 */
export async function release(port: CarePort, id: string): Promise<Resource> {
  personOf(port);
  const working = await port.read('QuestionnaireResponse', id);
  const existing = await copyOfWorking(port, id);
  const { system, value } = copyIdentifier(id);
  const condition = `identifier=${encodeURIComponent(`${system}|${value}`)}`;
  const fullUrl = urnOf(`copy:${id}`);
  const address = existing === undefined ? fullUrl : `QuestionnaireResponse/${existing.id}`;
  const { copy, provenance } = planRelease(working, existing, address, port.now);
  const write: CareEntry =
    existing === undefined
      ? { method: 'POST', fullUrl, resource: copy, ifNoneExist: condition }
      : { method: 'PUT', resource: { ...copy, id: existing.id }, ifMatch: existing.meta.versionId };
  const [stored] = await port.transaction([write, created(provenance), ...(await planAgreed(port, working))]);
  return stored ?? copy;
}

/** The referral of the visit, found through its Encounter, when it waits for the plan. */
async function planAgreed(port: CarePort, working: Resource): Promise<CareEntry[]> {
  const at = textAt(working, 'encounter', 'reference');
  if (at === undefined) return [];
  const encounter = await port.read('Encounter', addressed(at, 'Encounter').id);
  const order = textAt(objectsAt(encounter, 'basedOn')[0], 'reference');
  if (order === undefined) return [];
  const referral = await readReferral(port, addressed(order, 'ServiceRequest').id);
  return referral.state === 'visited' ? referralEvent(referral, 'agree-plan').entries : [];
}
