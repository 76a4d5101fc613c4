/** The rows that the fact tables get from a write, and whether principals resolved before it are void. */
import { DUTY_TAG } from '../governance/duty.ts';
import type { ResourceFacts } from '../governance/facts.ts';
import type { Relationship } from '../governance/types.ts';
import type { FactWrite } from '../store/rows.ts';
import type { Change } from './plan.ts';
import type { Context } from './types.ts';

/** Time in which the service that registers a person can put its episode and team in place. */
const REGISTRATION_HOURS = 24;

export function registration(context: Context, patient: string): Relationship[] {
  const party = registrar(context);
  if (party === undefined) return [];
  const until = new Date(context.now.getTime() + REGISTRATION_HOURS * 3_600_000).toISOString();
  return [
    {
      party,
      patient,
      pregnancy: null,
      kind: 'registered',
      from: context.now.toISOString(),
      until,
      ending: null,
      source: `registration:${patient}`,
      scope: [],
    },
  ];
}

/** Whoever registers a person may put the episode and the team in place: the service for systems, else herself. */
function registrar({ principal }: Context): string | undefined {
  return principal.kind === 'system' ? principal.service : principal.practitionerRole;
}

/** People this very request registers. */
export function registeredIn(changes: readonly Change[]): Set<string> {
  return new Set(
    changes
      .filter((change) => change.type === 'Patient' && change.current === null)
      .map((change) => `Patient/${change.id}`),
  );
}

/** Types whose resources say something the rules read, and those that say who is who. */
const FACT_TYPES = new Set([
  ...['CareTeam', 'EpisodeOfCare', 'Task', 'Appointment', 'Encounter', 'ServiceRequest'],
  ...['Consent', 'Contract', 'Patient', 'RelatedPerson'],
  ...['PractitionerRole', 'Practitioner', 'Organization', 'HealthcareService', 'Schedule', 'Slot'],
]);
const STANDING_TYPES = new Set(['Contract', 'PractitionerRole', 'Practitioner', 'Organization', 'HealthcareService']);

/** Everything a source said before is replaced, so a participant taken out of a team is out with this commit (H5). */
export function factWrite(
  context: Context,
  changes: readonly Change[],
  facts: readonly ResourceFacts[],
): FactWrite | null {
  const speaking = facts.filter(
    (fact, i) => FACT_TYPES.has(fact.row.type) && (says(fact) || changes[i]?.current !== null),
  );
  const registrations = [...registeredIn(changes)].flatMap((patient) => registration(context, patient));
  if (speaking.length === 0 && registrations.length === 0) return null;
  const existed = new Set(changes.filter(({ current }) => current !== null).map(({ type, id }) => `${type}/${id}`));
  const from = <T extends object>(fact: ResourceFacts, rows: readonly T[]) =>
    rows.map((row) => ({ ...row, source: reference(fact) }));
  return {
    sources: speaking.filter((fact) => existed.has(reference(fact))).map(reference),
    relationships: [...speaking.flatMap((fact) => fact.relationships), ...registrations],
    consents: speaking.flatMap((fact) => fact.consents),
    agreements: speaking.flatMap((fact) => fact.agreements),
    kin: speaking.flatMap((fact) => from(fact, fact.kin)),
    pregnancies: speaking.flatMap((fact) => from(fact, fact.pregnancies)),
    touches: speaking.flatMap((fact) => fact.touches ?? []),
    directory: speaking.flatMap((fact) =>
      fact.directory.map((entry) => ({ source: reference(fact), member: entry.member, entry })),
    ),
    // A duty that is taken away says nothing any more, and was hers until now.
    generation:
      speaking.some(changesStanding) || changes.some(({ current }) => current?.row.tags.includes(DUTY_TAG) === true),
  };
}

/** A family's own care team is no directory; a team of the directory is about nobody. */
function changesStanding(fact: ResourceFacts): boolean {
  const isTeam = fact.row.type === 'CareTeam' && fact.row.subjects.length === 0;
  return isTeam || fact.directory.length > 0 || fact.agreements.length > 0 || STANDING_TYPES.has(fact.row.type);
}

function reference(fact: ResourceFacts): string {
  return `${fact.row.type}/${fact.row.id}`;
}

function says(fact: ResourceFacts): boolean {
  const { relationships, consents, agreements, kin, pregnancies, directory, touches = [] } = fact;
  return [relationships, consents, agreements, kin, pregnancies, directory, touches].some((rows) => rows.length > 0);
}
