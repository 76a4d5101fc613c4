/**
 * What the directory says of one person now: her teams, hers by membership or by today's duty list (R-06 d and e, R-40),
 * whom she supervises (R-06 g), whether she is supervised herself, and the key of her own record. The duty
 * list is `Schedule` (who, for which team) with `Slot` (when), both with the extension `duty-team`; the supervisor of a
 * practitioner stands in the extension `supervisor` of her PractitionerRole. Intervals are half-open.
 */
import type { Resource } from '../fhir/types.ts';
import type { DirectoryRow } from './directory.ts';
import { isTo, type Lookup, objects, ref, refs, text } from './elements.ts';
import { endOf, startOf } from './instants.ts';
import { CANON } from './vocabulary.ts';

export const DUTY_TEAM = `${CANON}/StructureDefinition/duty-team`;
export const SUPERVISOR = `${CANON}/StructureDefinition/supervisor`;

/** Tag of ours for rows of the duty list: they open records, so few may write them. */
export const DUTY_TAG = 'DUTY';

/** Flag of a system client that keeps the duty list of its service and nothing else (domain.md 1.8). */
export const E_ROSTER = 'e-roster';

/** The team of a duty Schedule or Slot, or null when it is none. */
export function dutyTeamOf(resource: Resource): string | null {
  if (resource.resourceType !== 'Schedule' && resource.resourceType !== 'Slot') return null;
  return referenceIn(resource, DUTY_TEAM, 'CareTeam');
}

/** The team, so that the row belongs to the team's service whoever writes it. */
export function dutyLookups(resource: Resource): string[] {
  const team = dutyTeamOf(resource);
  return team === null ? [] : [team];
}

/** Whose duty list it is: the team's service. */
export function dutyService(resource: Resource, lookup: Lookup): string | null {
  const team = dutyTeamOf(resource);
  return team === null ? null : (refs(lookup(team)?.managingOrganization)[0] ?? null);
}

/** `PractitionerRole/..` that supervises this one. */
export function supervisorOf(resource: Resource): string | null {
  return referenceIn(resource, SUPERVISOR, 'PractitionerRole');
}

function referenceIn(resource: Resource, url: string, type: string): string | null {
  const found = objects(resource.extension).find((one) => one.url === url);
  const reference = ref(found?.valueReference);
  return reference !== null && isTo(reference, type) ? reference : null;
}

/** Directory rows of a duty Schedule (one for each person) or Slot; none for the diaries of clinics. */
export function dutyRows(resource: Resource): DirectoryRow[] {
  const team = dutyTeamOf(resource);
  if (team === null || resource.id === undefined) return [];
  if (resource.resourceType === 'Schedule') {
    const people = refs(resource.actor).filter((one) => isTo(one, 'PractitionerRole', 'Practitioner'));
    const active = resource.active !== false;
    return people.map((member) => ({ kind: 'duty', member, team, schedule: `Schedule/${resource.id}`, active }));
  }
  const [schedule, from, until] = [ref(resource.schedule), startOf(text(resource.start)), endOf(text(resource.end))];
  const isHers = resource.status === 'busy' || resource.status === 'busy-unavailable';
  if (schedule === null || from === null || until === null || !isHers) return [];
  return [{ kind: 'duty-slot', member: schedule, team, from, until }];
}

export interface Place {
  teams: string[];
  flags: string[];
  /** `PractitionerRole/..` she supervises. */
  supervises: string[];
  ownRecordKey: string | null;
}

/**
 * From the rows of one person (and of the schedules that name her, with their teams) to her place at this moment. A duty
 * list counts for people of the team's own service: its admin alone cannot let another service in.
 */
export function placeOf(practitionerRole: string, rows: readonly DirectoryRow[], now: Date): Place {
  const own = rows.filter((row) => row.kind !== 'role' || row.member === practitionerRole);
  const members = own.flatMap((row) => (row.kind === 'membership' && row.active && isNow(row, now) ? [row.team] : []));
  const role = own.find((row) => row.kind === 'role');
  const service = role?.kind === 'role' ? role.service : null;
  const isOwn = (team: string) =>
    rows.some((row) => row.kind === 'team' && row.member === team && row.service !== null && row.service === service);
  const onDuty = own.flatMap((row) =>
    row.kind === 'duty' && row.active && isOwn(row.team) && hasSlot(row, rows, now) ? [row.team] : [],
  );
  // supervised, and for a time: without an end nobody would look at it again.
  const isSupervised = role?.kind === 'role' && hasSupervisor(role.supervisor, rows, now) && role.until !== null;
  const key = rows.find((row) => row.kind === 'own-record');
  return {
    teams: [...new Set([...members, ...onDuty])],
    flags: [
      ...(isSupervised ? ['supervised'] : []),
      ...onDuty.filter((team) => !members.includes(team)).map((team) => `duty:${team}`),
    ],
    supervises: rows.flatMap((row) =>
      row.kind === 'role' && row.supervisor === practitionerRole && row.active && isNow(row, now) ? [row.member] : [],
    ),
    ownRecordKey: key?.kind === 'own-record' ? key.key : null,
  };
}

/** A supervisor who has left supervises nobody; one whom the directory does not know is not asked about here. */
function hasSupervisor(supervisor: string | null, rows: readonly DirectoryRow[], now: Date): boolean {
  if ((supervisor ?? null) === null) return false;
  const known = rows.find((row) => row.kind === 'role' && row.member === supervisor);
  return known?.kind !== 'role' || (known.active && isNow(known, now));
}

function hasSlot(duty: { schedule: string; team: string }, rows: readonly DirectoryRow[], now: Date): boolean {
  return rows.some(
    (row) => row.kind === 'duty-slot' && row.member === duty.schedule && row.team === duty.team && isNow(row, now),
  );
}

function isNow(row: { from: string | null; until: string | null }, now: Date): boolean {
  const at = now.getTime();
  return (row.from === null || Date.parse(row.from) <= at) && (row.until === null || at < Date.parse(row.until));
}
