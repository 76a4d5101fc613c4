/** Adding and changing an entry by form: the form is one line of the kind's file, so both take the same way. */
import { COLUMNS, KINDS, type Kind } from '../../directory/columns.ts';
import { enterImport, importDirectory } from '../../directory/import.ts';
import { type Listed, labelOf, readDirectory, valuesOf } from '../../directory/look-up.ts';
import { ROLE_CODES } from '../../directory/role-codes.ts';
import type { Context } from '../../record/types.ts';
import type { FieldError } from '../access-form.ts';
import type { Page } from '../pages.ts';
import { keepImport } from '../session.ts';
import type { Visit } from '../visit.ts';
import { KIND_WORDS, kindOf, notByHand } from './list.ts';

const ONE: Readonly<Record<Kind, string>> = {
  organisations: 'an organisation',
  services: 'a service',
  locations: 'a location',
  teams: 'a team',
  people: 'a person',
  roles: 'a role',
  members: 'a member of a team',
  duty: 'a time on the duty list',
};
const LABELS: Readonly<Record<string, string>> = {
  ods_code: 'ODS code',
  part_of: 'Part of',
  service_id: 'Id of the service',
  location_id: 'Id of the place',
  team_id: 'Id of the team',
  staff_number: 'Staff number',
  family_name: 'Family name',
  given_name: 'Given name',
  sds_user_id: 'SDS user id',
  nmc_pin: 'NMC PIN',
  role_id: 'Id of the role',
  start: 'First day',
  end: 'Last day',
};

function formKind(visit: Visit): Kind {
  return KINDS.find((one) => one === visit.params.get('kind')) ?? 'people';
}

/** An empty form; columns of the address fill it, so that a team's page leads to its own members. */
export async function newForm(visit: Visit, context: Context): Promise<Page> {
  const kind = formKind(visit);
  await enterImport(visit.deps.door, context, [kind]);
  const values = new Map(COLUMNS[kind].map(({ name }) => [name, visit.query.get(name) ?? '']));
  return shown(200, { kind, values, id: null, label: null }, []);
}

const NOTHING = { bundle: null, endMissing: false, dryRun: true, reason: '' } as const;

export async function changeForm(visit: Visit, context: Context): Promise<Page> {
  const kind: Listed = kindOf(visit.params.get('kind'));
  const { door } = visit.deps;
  if (kind === 'duty') return notByHand();
  await enterImport(door, context, [kind]);
  const resource = await readDirectory(door, context, kind, visit.look);
  const values = await valuesOf(door, kind, resource);
  if (values === null) return notByHand();
  return shown(200, { kind, values, id: visit.look, label: labelOf(resource) }, []);
}

/** From the form to the preview: with faults back to the form, each at its field. */
export async function formPosted(visit: Visit, context: Context): Promise<Page> {
  const kind = formKind(visit);
  const values = new Map(COLUMNS[kind].map(({ name }) => [name, (visit.form.get(name) ?? '').trim()]));
  const files = [{ kind, text: `${headOf(kind)}\r\n${[...values.values()].map(quoted).join(',')}\r\n` }];
  const plan = await importDirectory(visit.deps.door, context, { ...NOTHING, files });
  if (plan.faults.length > 0) {
    const errors = plan.faults.map(({ column, text }) => ({ field: column ?? COLUMNS[kind][0]?.name ?? '', text }));
    const id = visit.look === '' ? null : visit.look;
    return shown(422, { kind, values, id, label: id === null ? null : KIND_WORDS[kindOf(kind)] }, errors);
  }
  if (visit.session === null) return { redirect: '/console/directory' };
  const draft = keepImport(visit.session, { files, bundle: null, endMissing: false });
  return { redirect: `/console/directory/import/${draft}` };
}

const headOf = (kind: Kind): string => COLUMNS[kind].map(({ name }) => name).join(',');
const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

interface Form {
  kind: Kind;
  values: ReadonlyMap<string, string>;
  id: string | null;
  label: string | null;
}

function shown(status: number, { kind, values, id, label }: Form, errors: FieldError[]): Page {
  const own = COLUMNS[kind][0]?.name;
  return {
    status,
    template: 'directory-form',
    context: {
      errors,
      kind,
      listed: kind === 'members' ? 'teams' : kind,
      heading: label === null ? `Add ${ONE[kind]}` : `Change ${label}`,
      action: id === null ? `/console/directory/add/${kind}` : `/console/directory/entry/${kind}/${id}/change`,
      fields: COLUMNS[kind].map(({ name, required, words }) => ({
        name,
        label: `${LABELS[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`}${required ? '' : ' (optional)'}`,
        hint: `${words.charAt(0).toUpperCase()}${words.slice(1)}`,
        value: values.get(name) ?? '',
        // What it is known by is not changed here: another id would be another entry.
        fixed: id !== null && name === own,
      })),
      roles: ROLE_CODES.map(({ word, label: text }) => ({ value: word, text })),
    },
  };
}
