/** People, their roles, who is in which team, and the duty list, out of the lines of a file. */
import { NMC_NUMBER, SDS_USER } from '../fhir/identifiers.ts';
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { DUTY_TEAM, SUPERVISOR } from '../governance/duty.ts';
import { fault, type Line, named, organizationOf, serviceOf, teamOf } from './build-places.ts';
import { DUTY_ID, roleIdentity, SERVICE_ID, STAFF_NUMBER } from './columns.ts';
import { isLive } from './differences.ts';
import { roleCodeOf } from './role-codes.ts';
import { instantOf, periodOf } from './times.ts';
import {
  beginAgain,
  edit,
  find,
  type Need,
  objects,
  referenceOf,
  type Target,
  type Workspace,
  withContact,
  withIdentifier,
} from './workspace.ts';

export const personOf = (value: string): Need => ({ type: 'Practitioner', system: STAFF_NUMBER, value });
export const roleNeed = (value: string): Need => ({ type: 'PractitionerRole', ...roleIdentity(value) });
const ref = (target: Target): JsonObject => ({ reference: referenceOf(target) });

export function buildPerson(workspace: Workspace, line: Line): Target | null {
  const [user, pin] = [line.maybe('sds_user_id'), line.maybe('nmc_pin')?.toUpperCase()];
  if (user !== undefined && user !== '' && !/^[A-Za-z0-9._@:+-]{1,128}$/.test(user))
    fault(workspace, line, 'sds_user_id', 'An SDS user id has 12 digits.');
  const [family, given] = [line.get('family_name'), line.get('given_name')];
  return edit(workspace, knownPerson(workspace, line, { [SDS_USER]: user, [NMC_NUMBER]: pin }), line.where, (one) => {
    const others = objects(one.name).filter(({ use }) => use !== 'official');
    const fresh: Resource = {
      ...withIdentifier(one, STAFF_NUMBER, line.get('staff_number')),
      active: true,
      name: [{ use: 'official', family, given: given.split(' ').filter((word) => word !== '') }, ...others],
    };
    const numbered = withIdentifier(withIdentifier(fresh, SDS_USER, user), NMC_NUMBER, pin);
    return withContact(withContact(numbered, 'phone', line.maybe('phone')), 'email', line.maybe('email'));
  });
}

/** Known by staff number; else by what else she is known by, when she came without one; two people are a fault. */
function knownPerson(workspace: Workspace, line: Line, more: Readonly<Record<string, string | undefined>>): Need {
  const own = personOf(line.get('staff_number'));
  const staff = find(workspace, 'Practitioner', own, line.where);
  let need = own;
  for (const [system, value] of Object.entries(more)) {
    if (value === undefined || value === '') continue;
    const other = find(workspace, 'Practitioner', { system, value }, line.where);
    const isNumbered = objects(other?.after.identifier).some((one) => one.system === STAFF_NUMBER);
    if (other === null || other === staff) continue;
    if (staff !== null || isNumbered)
      fault(
        workspace,
        line,
        null,
        `Somebody else in the directory has the identifier ${value}. One person has one entry.`,
      );
    else need = { type: 'Practitioner', system, value };
  }
  return need;
}

export function buildRole(workspace: Workspace, line: Line): Target | null {
  const person = named(workspace, line, 'staff_number', personOf(line.get('staff_number')));
  const service = serviceTarget(workspace, line);
  const code = roleCodeOf(line.get('role'));
  if (code === null)
    fault(workspace, line, 'role', 'This is no role of the list. See the documentation for the words.');
  const period = periodOf(workspace, line);
  const supervisorId = line.maybe('supervisor') ?? '';
  const supervisor = supervisorId === '' ? null : named(workspace, line, 'supervisor', roleNeed(supervisorId));
  if (code?.role === 'student' && (supervisorId === '' || period?.end === undefined))
    fault(workspace, line, 'supervisor', 'A student needs a supervisor and a last day (R-40).');
  if (supervisorId !== '' && supervisorId === line.get('role_id'))
    fault(workspace, line, 'supervisor', 'Nobody supervises herself.');
  if (person === null || service === null || code === null || period === null) return null;
  const healthcare = find(
    workspace,
    'HealthcareService',
    { system: SERVICE_ID, value: line.get('service_id') },
    line.where,
  );
  const need = roleNeed(line.get('role_id'));
  if (isLive({ resourceType: 'PractitionerRole', period }, workspace.now)) beginAgain(workspace, need, line.where);
  return edit(workspace, need, line.where, (one) => {
    const { specialty: _s, healthcareService: _h, extension, ...rest } = one;
    const others = objects(extension).filter(({ url }) => url !== SUPERVISOR);
    const supervised = supervisor === null ? [] : [{ url: SUPERVISOR, valueReference: ref(supervisor) }];
    const extensions = [...others, ...supervised];
    return {
      ...rest,
      ...(extensions.length === 0 ? {} : { extension: extensions }),
      active: true,
      period,
      practitioner: { ...ref(person), display: nameOf(person.after) },
      organization: ref(service),
      code: [code.code],
      ...(code.specialty === undefined ? {} : { specialty: [code.specialty] }),
      ...(healthcare === null ? {} : { healthcareService: [ref(healthcare)] }),
    };
  });
}

function serviceTarget(workspace: Workspace, line: Line): Target | null {
  const id = line.get('service_id');
  const whole = find(workspace, 'Organization', organizationOf(id), line.where);
  return whole ?? named(workspace, line, 'service_id', serviceOf(id));
}

export function nameOf(person: Resource): string {
  const [name] = objects(person.name);
  const given = Array.isArray(name?.given) ? name.given : [];
  return [...given, name?.family].filter((one) => typeof one === 'string').join(' ');
}

export function buildMember(workspace: Workspace, line: Line): Target | null {
  const team = named(workspace, line, 'team_id', teamOf(line.get('team_id')));
  const role = named(workspace, line, 'role_id', roleNeed(line.get('role_id')));
  const period = periodOf(workspace, line);
  if (team === null || role === null || period === null) return null;
  return edit(workspace, teamOf(line.get('team_id')), line.where, (one) => ({
    ...one,
    participant: withMember(objects(one.participant), referenceOf(role), period),
  }));
}

/** Her time in the team that begins on this day; other times of hers stay as they were. */
function withMember(all: readonly JsonObject[], member: string, period: JsonObject): JsonObject[] {
  const isIt = (one: JsonObject) => memberOf(one) === member && startOf(one) === period.start;
  const known = all.some(isIt);
  const fresh = { member: { reference: member }, period };
  return known ? all.map((one) => (isIt(one) ? { ...one, period } : one)) : [...all, fresh];
}

export function memberOf(participant: JsonObject): string {
  const { member } = participant;
  return isObject(member) && typeof member.reference === 'string' ? member.reference : '';
}

function startOf({ period }: JsonObject): string {
  return isObject(period) && typeof period.start === 'string' ? period.start : '';
}

/** On the duty list: a Schedule for each person and team, a Slot for each time (governance/duty.ts). */
export function buildDuty(workspace: Workspace, line: Line): Target | null {
  const [teamId, roleId] = [line.get('team_id'), line.get('role_id')];
  const team = named(workspace, line, 'team_id', teamOf(teamId));
  const role = named(workspace, line, 'role_id', roleNeed(roleId));
  const [start, end] = [instantOf(line.get('start')), instantOf(line.get('end'))];
  for (const [column, value] of Object.entries({ start, end }))
    if (value === null) fault(workspace, line, column, 'Write date and time, for example 2026-12-01T07:30 (UK time).');
  if (start !== null && end !== null && end <= start) fault(workspace, line, 'end', 'The end is not after the start.');
  if (team === null || role === null || start === null || end === null) return null;
  if (!objects(team.after.managingOrganization).some(({ reference }) => reference === workspace.dutyOf))
    fault(
      workspace,
      line,
      'team_id',
      "The duty list is written by an admin of the team's service or by its e-roster (5.3).",
    );
  if (objects([role.after.organization ?? null])[0]?.reference !== workspace.dutyOf)
    fault(workspace, line, 'role_id', 'People of another service stand on no duty list of this one (R-06).');
  const extension = [{ url: DUTY_TEAM, valueReference: ref(team) }];
  const schedule = edit(workspace, dutySchedule(teamId, roleId), line.where, (one) => ({
    ...one,
    extension,
    active: true,
    actor: [ref(role)],
  }));
  return edit(workspace, dutySlot(teamId, roleId, start), line.where, (one) => ({
    ...one,
    extension,
    schedule: ref(schedule),
    status: 'busy',
    start,
    end,
  }));
}

export const dutySchedule = (team: string, role: string): Need => ({
  type: 'Schedule',
  system: DUTY_ID,
  value: `${team}/${role}`,
});

export const dutySlot = (team: string, role: string, start: string): Need => ({
  type: 'Slot',
  system: DUTY_ID,
  value: `${team}/${role}/${start}`,
});
