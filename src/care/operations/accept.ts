/**
 * `ServiceRequest/[id]/$accept`: a person takes the referral (only now is it received by people). Her service's episode
 * opens and she joins the family's care team, so that nobody waits for a relationship.
 */
import { refuse } from '../../fhir/outcome.ts';
import type { Resource, StoredResource } from '../../fhir/types.ts';
import { idSystem, reference } from '../canon.ts';
import { changed, created, personOf } from '../change.ts';
import { civilDate } from '../clock.ts';
import { careTeam, episodeOfCare, teamParticipant } from '../family.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { patientOfReferral, type Referral, readReferral, referralEvent, stepProvenance } from '../referral.ts';
import { objectsAt, textAt } from '../shape.ts';
import { type ReferralStep, stepOf } from './referral-event.ts';

export interface Accepted extends ReferralStep {
  episode: Resource;
  careTeam: Resource;
}

/**
 * Opens (when nobody has) and accepts. Repeating it after an interruption finishes what is missing. Throws Outcome 403
 * without a person or service, 422 when the state does not allow it.
 */
export async function accept(port: CarePort, id: string): Promise<Accepted> {
  const who = personOf(port);
  const { service } = port.caller;
  if (service === undefined) throw refuse(403, 'forbidden', 'accepting needs the service you work for');
  let referral = await readReferral(port, id);
  let step: ReferralStep = { state: referral.state, serviceRequest: referral.serviceRequest, task: referral.task };
  // Opened and accepted are told apart in time, so each is a version of its own.
  for (const event of eventsTo(referral)) {
    const { state, entries } = referralEvent(referral, event);
    const provenance = created(
      stepProvenance(port, [`Task/${referral.task.id}`], { who, patient: patientOfReferral(referral) }),
    );
    step = stepOf(state, referral, await port.transaction([...entries, provenance]));
    referral = await readReferral(port, id);
  }
  const joined = await join(port, referral, who, service);
  return { ...step, ...joined };
}

/** Events that are missing before the referral is accepted; none when it is. */
function eventsTo(referral: Referral): string[] {
  if (referral.state === 'accepted') return [];
  return referral.state === 'received' ? ['open', 'accept'] : ['accept'];
}

/** Episode of the accepting service and the person's place in the care team; what exists is left as it is. */
async function join(
  port: CarePort,
  referral: Referral,
  who: string,
  service: string,
): Promise<{ episode: Resource; careTeam: Resource }> {
  const patient = textAt(referral.serviceRequest, 'subject', 'reference') ?? '';
  const today = civilDate(port.now);
  const episodes = await port.search('EpisodeOfCare', { patient, status: 'active' });
  const own = episodes.find((episode) => textAt(episode, 'managingOrganization', 'reference') === service);
  const team = (await port.search('CareTeam', { patient, status: 'active' }))[0];
  const pregnancy = pregnancyOf([...episodes, ...(team ? [team] : [])]) ?? `referral-${referral.serviceRequest.id}`;
  const member = {
    member: reference(who),
    role: 'health-visitor',
    start: today,
  } as const;
  const entries: CareEntry[] = [];
  if (own === undefined) {
    entries.push(
      created(
        episodeOfCare({
          kind: 'health-visiting',
          pregnancy,
          patient: reference(patient),
          organization: reference(service),
          start: today,
          referral: reference(`ServiceRequest/${referral.serviceRequest.id}`),
        }),
      ),
    );
  }
  if (team === undefined) {
    const name = 'Family care team';
    entries.push(created(careTeam({ name, patient: reference(patient), pregnancy, start: today, members: [member] })));
  } else if (!isMember(team, who)) {
    entries.push(changed(team, { participant: [...objectsAt(team, 'participant'), teamParticipant(member)] }));
  }
  const stored = entries.length > 0 ? await port.transaction(entries) : [];
  const written = (type: string): StoredResource | undefined => stored.find((one) => one.resourceType === type);
  const episode = written('EpisodeOfCare') ?? own;
  const joined = written('CareTeam') ?? team;
  if (episode === undefined || joined === undefined) throw new Error('the transaction answered too few entries');
  return { episode, careTeam: joined };
}

const isMember = (team: Resource, who: string): boolean =>
  objectsAt(team, 'participant').some(
    (one) => textAt(one, 'member', 'reference') === who && textAt(one, 'period', 'end') === undefined,
  );

/** The pregnancy key shared by both services' episodes and the care team. */
export function pregnancyOf(resources: readonly Resource[]): string | undefined {
  return resources
    .flatMap((resource) => objectsAt(resource, 'identifier'))
    .map((identifier) => (identifier.system === idSystem('pregnancy') ? textAt(identifier, 'value') : undefined))
    .find((value) => value !== undefined);
}
