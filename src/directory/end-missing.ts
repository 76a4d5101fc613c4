/**
 * Ending what a file does not name any more, only where it is asked for: within the services or teams the file names, so
 * that the file of one service never ends another's people. Organisations and people are whole files of the installation.
 */
import { ODS_ORGANIZATION } from '../fhir/identifiers.ts';
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { dutyTeamOf } from '../governance/duty.ts';
import { word, wordPrefix } from '../search/words.ts';
import { resourcesByWords } from '../store/models/directory.ts';
import type { Db } from '../store/reads.ts';
import { memberOf } from './build-people.ts';
import { type Line, organizationOf, serviceOf, teamOf } from './build-places.ts';
import { DUTY_ID, KINDS, type Kind, LOCATION_ID, SERVICE_ID, STAFF_NUMBER, TEAM_ID } from './columns.ts';
import { isLive } from './differences.ts';
import { addStored, edit, find, identitiesOf, type Need, objects, referenceOf, type Workspace } from './workspace.ts';

interface Ending {
  db: Db;
  workspace: Workspace;
  /** Resources that the lines of this kind describe or belong to. */
  scope: ReadonlySet<string>;
  lines: readonly Line[];
}

export async function endMissing(db: Db, workspace: Workspace, lines: readonly Line[]): Promise<void> {
  for (const kind of KINDS) {
    const own = lines.filter(({ record }) => record.kind === kind);
    if (own.length > 0) await END[kind]({ db, workspace, scope: scopeOf(workspace, own), lines: own });
  }
}

const END: Readonly<Record<Kind, (ending: Ending) => Promise<void>>> = {
  organisations: (one) => endOthers(one, 'Organization', ODS_ORGANIZATION, () => true),
  services: async (one) => {
    await endOthers(one, 'Organization', SERVICE_ID, ({ partOf }) => one.scope.has(referenceIn(partOf)));
    const ended = (organization: string) =>
      [...one.workspace.targets.values()].some(
        (target) => referenceOf(target) === organization && target.after.active === false,
      );
    await endOthers(one, 'HealthcareService', SERVICE_ID, ({ providedBy }) => ended(referenceIn(providedBy)));
  },
  locations: (one) =>
    endOthers(one, 'Location', LOCATION_ID, ({ managingOrganization }) =>
      one.scope.has(referenceIn(managingOrganization)),
    ),
  teams: (one) =>
    endOthers(one, 'CareTeam', TEAM_ID, ({ managingOrganization }) =>
      objects(managingOrganization).some((manager) => one.scope.has(String(manager.reference))),
    ),
  people: (one) => endOthers(one, 'Practitioner', STAFF_NUMBER, () => true),
  roles: endRoles,
  members: endMembers,
  duty: endDuty,
};

/** The services (for services: the organisations, for members and duty: the teams) that the lines name. */
function scopeOf(workspace: Workspace, lines: readonly Line[]): Set<string> {
  const needs = lines.flatMap((line): Need[] => {
    const { kind } = line.record;
    if (kind === 'members' || kind === 'duty') return [teamOf(line.get('team_id'))];
    if (kind === 'services') return [organizationOf(line.get('part_of'))];
    if (kind === 'organisations' || kind === 'people') return [];
    return [serviceOf(line.get('service_id')), organizationOf(line.get('service_id'))];
  });
  const targets = needs.map((need) => find(workspace, need.type, need, 'ending'));
  return new Set(targets.flatMap((target) => (target === null ? [] : [referenceOf(target)])));
}

async function endOthers(
  { db, workspace }: Ending,
  type: string,
  system: string,
  isIn: (resource: Resource) => boolean,
): Promise<void> {
  endIn(workspace, await load(db, workspace, type, word(wordPrefix(type, 'identifier'), `${system}|`)), isIn);
}

async function endRoles({ db, workspace, scope }: Ending): Promise<void> {
  for (const organization of scope) {
    const found = await load(
      db,
      workspace,
      'PractitionerRole',
      word(wordPrefix('PractitionerRole', 'organization'), organization),
    );
    endIn(workspace, found, () => true);
  }
}

/** Ends those without a line of their own. What has no business identifier did not come from a file, and stays. */
function endIn(workspace: Workspace, found: readonly Resource[], isIn: (resource: Resource) => boolean): void {
  for (const resource of found) {
    const [identity] = identitiesOf(resource);
    if (identity === undefined || !isIn(resource) || !isLive(resource, workspace.now)) continue;
    const need = { type: resource.resourceType, ...identity };
    const target = find(workspace, need.type, need, 'not in the file');
    if (target !== null && target.where.length > 0) continue;
    edit(workspace, need, 'not in the file', (one) => endedNow(one, workspace.now));
  }
}

async function endMembers({ workspace, scope, lines }: Ending): Promise<void> {
  const now = workspace.now.toISOString();
  for (const target of new Set(workspace.targets.values())) {
    if (target.type !== 'CareTeam' || !scope.has(referenceOf(target)) || target.before === null) continue;
    const named = new Set(lines.filter((line) => target.where.includes(line.where)).map((line) => line.get('role_id')));
    const roles = [...workspace.targets.values()].filter(
      ({ type, name }) => type === 'PractitionerRole' && named.has(name),
    );
    const kept = new Set(roles.map(referenceOf));
    target.after = {
      ...target.after,
      participant: objects(target.after.participant).map((one) =>
        kept.has(memberOf(one)) || isOver(one, now) ? one : { ...one, period: { ...periodOf(one), end: now } },
      ),
    };
  }
}

function periodOf({ period }: JsonObject): JsonObject {
  return isObject(period) ? period : {};
}

function isOver(participant: JsonObject, now: string): boolean {
  const { end } = periodOf(participant);
  return typeof end === 'string' && end <= now.slice(0, end.length);
}

/** Times that are still to come and stand no more in the list of a team of this file. */
async function endDuty({ db, workspace, scope }: Ending): Promise<void> {
  const schedules = await load(db, workspace, 'Schedule', word(wordPrefix('Schedule', 'identifier'), `${DUTY_ID}|`));
  const now = workspace.now.toISOString();
  for (const schedule of schedules) {
    if (!scope.has(dutyTeamOf(schedule) ?? '')) continue;
    const slots = await load(db, workspace, 'Slot', word(wordPrefix('Slot', 'schedule'), `Schedule/${schedule.id}`));
    endIn(workspace, slots, ({ start }) => typeof start === 'string' && start > now);
  }
}

async function load(db: Db, workspace: Workspace, type: string, words: string): Promise<Resource[]> {
  const found = await resourcesByWords(db, [type], [words]);
  addStored(workspace, found);
  const ids = new Set(found.map(({ id }) => id));
  return [...workspace.stored.values()].flat().filter((one, i, all) => {
    const isFound = one.resourceType === type && one.id !== undefined && ids.has(one.id);
    return isFound && all.indexOf(one) === i;
  });
}

/** The resource with its end at this moment. A role that has not begun is only made inactive: it never was. */
export function endedNow(resource: Resource, now: Date): Resource {
  const at = now.toISOString();
  switch (resource.resourceType) {
    case 'Location':
    case 'CareTeam':
      return { ...resource, status: 'inactive' };
    case 'Slot':
      return { ...resource, status: 'entered-in-error' };
    case 'PractitionerRole': {
      const period = periodOf(resource);
      const hasBegun = typeof period.start !== 'string' || period.start <= at.slice(0, period.start.length);
      return { ...resource, active: false, ...(hasBegun ? { period: { ...period, end: at } } : {}) };
    }
    default:
      return { ...resource, active: false };
  }
}

function referenceIn(value: Json | undefined): string {
  return isObject(value) && typeof value.reference === 'string' ? value.reference : '';
}
