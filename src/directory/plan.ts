/** From files to a plan: every line is read, every fault is listed, and nothing is written (domain.md 1.8). */

import { NMC_NUMBER, SDS_USER } from '../fhir/identifiers.ts';
import { NO_NUMBERS } from '../fhir/json.ts';
import { Outcome } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { isKeeper } from '../oversight/proposals.ts';
import { check } from '../record/prepare.ts';
import type { Context, Door } from '../record/types.ts';
import { organizationParents } from '../store/models/directory.ts';
import {
  buildDuty,
  buildMember,
  buildPerson,
  buildRole,
  dutySchedule,
  dutySlot,
  personOf,
  roleNeed,
} from './build-people.ts';
import {
  buildLocation,
  buildOrganisation,
  buildService,
  buildTeam,
  type Line,
  lineOf,
  organizationOf,
  serviceOf,
  teamOf,
} from './build-places.ts';
import { KINDS, type Kind, LOCATION_ID, SERVICE_ID } from './columns.ts';
import { circles, contradictions } from './contradictions.ts';
import { endDepartures } from './departures.ts';
import { actionOf, type ChangeAction, type FieldChange, fieldsOf, onlyNarrows } from './differences.ts';
import { endMissing } from './end-missing.ts';
import { entriesOf } from './from-bundle.ts';
import { lockoutFaults } from './keepers-left.ts';
import { type ImportFault, recordsOf } from './records.ts';
import { repeated, shared } from './repeated.ts';
import { instantOf } from './times.ts';
import { edit, type Need, openWorkspace, type Target, targetsOf, type Workspace } from './workspace.ts';

export interface ImportAsk {
  files: readonly { kind: Kind; text: string }[];
  bundle: Resource | null;
  /** Whether what the files do not name any more is ended. */
  endMissing: boolean;
}

/** One resource as it would be written. */
export interface PlannedChange {
  type: string;
  id: string;
  version: number | null;
  action: ChangeAction;
  name: string;
  where: string[];
  fields: FieldChange[];
  resource: Resource;
}

export interface ImportPlan {
  changes: PlannedChange[];
  faults: ImportFault[];
  /** True when all of it only ends something: one person may do it. */
  narrows: boolean;
}

/** One transaction writes it, and a transaction has five seconds (store/embedded): more is split into several files. */
export const MOST_CHANGES = 2_000;
const MOST_LINES = 20_000;

const BUILD: Readonly<Record<Kind, (workspace: Workspace, line: Line) => Target | null>> = {
  organisations: buildOrganisation,
  services: buildService,
  locations: buildLocation,
  teams: buildTeam,
  people: buildPerson,
  roles: buildRole,
  members: buildMember,
  duty: buildDuty,
};

export async function planImport(door: Door, context: Context, asked: ImportAsk): Promise<ImportPlan> {
  const read = asked.files.map(({ kind, text }) => recordsOf(kind, text));
  const faults = read.flatMap((one) => one.faults);
  const lines = read.flatMap(({ records }) => records.map(lineOf)).toSorted(byKind);
  if (lines.length > MOST_LINES) return refusedPlan([...faults, tooMany(lines.length, MOST_LINES, 'lines')]);
  const workspace = await openWorkspace(door.pool, lines.flatMap(needsOf), {
    now: context.now,
    dutyOf: isKeeper(context.principal) ? null : (context.principal.service ?? null),
  });
  workspace.faults.push(...faults, ...repeated(lines), ...shared(lines));
  declareOrganisations(workspace, lines);
  for (const line of lines) BUILD[line.record.kind](workspace, line);
  if (asked.bundle !== null) await entriesOf(door, workspace, asked.bundle);
  // What a broken file does not name may only be unreadable: nothing is ended for that.
  if (asked.endMissing && workspace.faults.length === 0) await endMissing(door.pool, workspace, lines);
  if (workspace.faults.length === 0) await endDepartures(door.pool, workspace);
  if (workspace.faults.length === 0)
    workspace.faults.push(...contradictions(workspace), ...circles(workspace, await organizationParents(door.pool)));
  const changes = targetsOf(workspace)
    .filter(({ where }) => where.length > 0)
    .map((target) => plannedOf(target, context.now));
  const real = changes.filter(({ action }) => action !== 'unchanged');
  if (real.length > MOST_CHANGES) workspace.faults.push(tooMany(real.length, MOST_CHANGES, 'changes'));
  else {
    workspace.faults.push(...(await invalid(door, context, real)));
    workspace.faults.push(...(await lockoutFaults(door.pool, real, context.now)));
  }
  const narrows = targetsOf(workspace).every(
    ({ before, after, where }) => where.length === 0 || onlyNarrows(before, after),
  );
  return { changes, faults: inOrder(workspace.faults), narrows };
}

const refusedPlan = (faults: ImportFault[]): ImportPlan => ({ changes: [], faults, narrows: false });
/** What names another of its kind stands behind those that do not: students behind their supervisors. */
const byKind = (a: Line, b: Line): number => rank(a) - rank(b);
const rank = ({ record, get }: Line): number => KINDS.indexOf(record.kind) * 2 + (get('supervisor') === '' ? 0 : 1);

/** Organisations may name a later line as what they are part of. */
function declareOrganisations(workspace: Workspace, lines: readonly Line[]): void {
  for (const line of lines)
    if (line.record.kind === 'organisations')
      edit(workspace, organizationOf(line.get('ods_code')), line.where, (one) => one);
}

function tooMany(count: number, most: number, what: string): ImportFault {
  const text = `${count} ${what} are more than the ${most} that one import may have. Split the file.`;
  return { where: 'the import', column: null, text };
}

function plannedOf({ type, id, version, before, after, name, where }: Target, now: Date): PlannedChange {
  const resource = { ...after, resourceType: type, id };
  const fields = fieldsOf(before, resource);
  return {
    type,
    id,
    version,
    action: actionOf(before, resource, now),
    name: `${type} ${name}`,
    where,
    fields,
    resource,
  };
}

/** Everything the record would refuse, for each resource, so that all lines are told at once. */
async function invalid(door: Door, context: Context, changes: readonly PlannedChange[]): Promise<ImportFault[]> {
  const faults: ImportFault[] = [];
  for (const { resource, where } of changes) {
    try {
      await check({ door, context, db: door.pool }, { resource, numbers: NO_NUMBERS });
    } catch (error) {
      if (!(error instanceof Outcome)) throw error;
      const line = where.at(-1) ?? 'the import';
      faults.push(
        ...error.issues.map(({ diagnostics, expression }) => ({
          where: line,
          column: null,
          text: expression === undefined ? diagnostics : `${diagnostics} (${expression})`,
        })),
      );
    }
  }
  return faults;
}

/** Each once, by kind of file and line. */
function inOrder(faults: readonly ImportFault[]): ImportFault[] {
  const seen = new Set<string>();
  const place = ({ where }: ImportFault) => {
    const [, kind = '', line = '0'] = /^(\w+) line (\d+)$/.exec(where) ?? [];
    return (KINDS.map(String).indexOf(kind) + 1) * 1_000_000 + Number(line);
  };
  return faults
    .toSorted((a, b) => place(a) - place(b))
    .filter(({ where, column, text }) => {
      const key = [where, column, text].join('\n');
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/** The identifiers a line names: asked of the directory in one go. */
function needsOf(line: Line): Need[] {
  const at = (column: string) => line.get(column);
  const given = (column: string, need: (value: string) => Need): Need[] =>
    at(column) === '' ? [] : [need(at(column))];
  const practitioner =
    (system: string) =>
    (value: string): Need => ({ type: 'Practitioner', system, value });
  switch (line.record.kind) {
    case 'organisations':
      return [organizationOf(at('ods_code')), ...given('part_of', organizationOf)];
    case 'services':
      return [
        serviceOf(at('service_id')),
        { ...serviceOf(at('service_id')), type: 'HealthcareService' },
        organizationOf(at('part_of')),
      ];
    case 'locations':
      return [{ type: 'Location', system: LOCATION_ID, value: at('location_id') }, serviceOf(at('service_id'))];
    case 'teams':
      return [teamOf(at('team_id')), serviceOf(at('service_id'))];
    case 'people':
      return [
        personOf(at('staff_number')),
        ...given('sds_user_id', practitioner(SDS_USER)),
        ...given('nmc_pin', (pin) => practitioner(NMC_NUMBER)(pin.toUpperCase())),
      ];
    case 'roles':
      return [
        roleNeed(at('role_id')),
        personOf(at('staff_number')),
        serviceOf(at('service_id')),
        organizationOf(at('service_id')),
        { type: 'HealthcareService', system: SERVICE_ID, value: at('service_id') },
        ...given('supervisor', roleNeed),
      ];
    case 'members':
      return [teamOf(at('team_id')), roleNeed(at('role_id'))];
    case 'duty':
      return [
        teamOf(at('team_id')),
        roleNeed(at('role_id')),
        dutySchedule(at('team_id'), at('role_id')),
        dutySlot(at('team_id'), at('role_id'), instantOf(at('start')) ?? ''),
      ];
  }
}
