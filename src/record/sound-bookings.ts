/**
 * An appointment opens the record to the people it names (R-06 d), so whom it names is looked at: people of the booker's
 * own service, and of services that care for the family already. A booking lets no other service in. What is on a duty
 * list without effect is said to whoever writes it.
 */
import { type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { dutyTeamOf } from '../governance/duty.ts';
import { isTo, objects, ref, refs } from '../governance/elements.ts';
import type { ResourceFacts } from '../governance/facts.ts';
import { relationshipsOf } from '../governance/relationships.ts';
import { onSchedule, servicesBehind, servicesCaring } from '../store/people.ts';
import type { Db } from '../store/reads.ts';
import { parseStored } from './decide.ts';
import { registeredIn } from './fact-write.ts';
import type { Change } from './plan.ts';
import type { Context } from './types.ts';

/** @throws Outcome 422 for an appointment that would let another service in */
export async function requireSoundBookings(
  db: Db,
  context: Context,
  changes: readonly Change[],
  facts: readonly ResourceFacts[],
): Promise<void> {
  const { principal, now } = context;
  if (principal.role === 'steward') return;
  for (const [i, change] of changes.entries()) {
    const patients = facts[i]?.row.subjects ?? [];
    // Whoever registers her puts everything in place in one request.
    if (change.type !== 'Appointment' || patients.some((one) => registeredIn(changes).has(one))) continue;
    const services = (await servicesAdded(db, change, now)).filter((one) => one !== principal.service);
    if (services.length === 0) continue;
    const caring = await servicesCaring(db, { services, patients, now });
    if (services.every((one) => caring.has(one))) continue;
    const text =
      'An appointment names people of your own service and of services that care for this family already (R-06)';
    throw refuse(422, 'business-rule', text, 'Appointment.participant');
  }
}

/** The services of the people whom this version names and the stored one does not. */
async function servicesAdded(db: Db, { document, current, id }: Change, now: Date): Promise<string[]> {
  if (document === null) return [];
  const before = current?.row.body ? actorsIn(parseStored(current.row.body).resource) : [];
  const added = objects(document.resource.participant).filter(
    (one) => !refs(one.actor).some((a) => before.includes(a)),
  );
  const patients = objects(document.resource.participant).filter((one) =>
    refs(one.actor).some((a) => isTo(a, 'Patient')),
  );
  const resource: Resource = { ...document.resource, id, participant: [...patients, ...added] };
  const parties = relationshipsOf(resource, { lookup: () => null, now: now.toISOString() }).map(({ party }) => party);
  const known = await servicesBehind(db, parties);
  return [...new Set([...parties.filter((one) => isTo(one, 'Organization')), ...[...known.values()].flat()])];
}

function actorsIn(resource: Resource): string[] {
  return objects(resource.participant).flatMap((one) => refs(one.actor));
}

/** What of a duty list has no effect: it counts for people of the team's own service alone (R-06 d, R-40). */
export async function dutyIssues(db: Db, resource: Resource): Promise<OutcomeIssue[]> {
  const team = dutyTeamOf(resource);
  if (team === null) return [];
  const schedule = ref(resource.schedule);
  const named =
    resource.resourceType === 'Schedule'
      ? refs(resource.actor)
      : schedule === null
        ? []
        : await onSchedule(db, schedule);
  const people = named.filter((one) => isTo(one, 'PractitionerRole', 'Practitioner'));
  if (people.length === 0) return [];
  const services = await servicesBehind(db, [...people, team]);
  const own = services.get(team) ?? [];
  const others = people.filter((one) => !(services.get(one) ?? []).some((service) => own.includes(service)));
  return others.map((one) => ({
    severity: 'warning',
    code: 'business-rule',
    diagnostics: `${one} does not work for the service of ${team}: this duty opens nothing for her`,
    expression: `${resource.resourceType}.${resource.resourceType === 'Schedule' ? 'actor' : 'schedule'}`,
  }));
}
