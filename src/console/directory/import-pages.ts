/** Importing by page: choose a file, see every difference, then send it on with a reason. */
import { COLUMNS, KINDS } from '../../directory/columns.ts';
import { countsOf, enterImport, type Imported, importDirectory } from '../../directory/import.ts';
import { labelOf, namesIn } from '../../directory/look-up.ts';
import type { ImportAsk, PlannedChange } from '../../directory/plan.ts';
import type { Context } from '../../record/types.ts';
import type { FieldError } from '../access-form.ts';
import { message, type Page } from '../pages.ts';
import { keepImport } from '../session.ts';
import { NOT_UTF8 } from '../upload.ts';
import type { Visit } from '../visit.ts';
import { differenceRows } from './element-words.ts';

/** Differences shown on one page; the counts are of all. */
const SHOWN = 300;
const FAULTS = 500;
const ACTIONS: Readonly<Record<PlannedChange['action'], string>> = {
  added: 'Added',
  changed: 'Changed',
  ended: 'Ended',
  unchanged: 'Unchanged',
};

export async function importForm(visit: Visit, context: Context): Promise<Page> {
  await enterImport(visit.deps.door, context, context.principal.role === 'admin' ? ['duty'] : ['people']);
  return form(200, context, '', []);
}

const DRY = { dryRun: true, reason: '' } as const;

function form(
  status: number,
  context: Context,
  kind: string,
  errors: FieldError[],
  faults: Imported['faults'] = [],
): Page {
  // The duty list is its admins', all else is not (5.3).
  const own = context.principal.role === 'admin' ? (['duty'] as const) : KINDS.filter((one) => one !== 'duty');
  return {
    status,
    template: 'directory-import',
    context: {
      errors,
      kind: kind === '' ? own[0] : kind,
      kinds: own.map((one) => ({ value: one, text: one.charAt(0).toUpperCase() + one.slice(1) })),
      columns: own.map((one) => ({
        kind: one,
        columns: COLUMNS[one].map(({ name, required }) => (required ? name : `${name} (optional)`)).join(', '),
      })),
      faults: faults.slice(0, FAULTS),
      faultCount: faults.length,
    },
  };
}

export async function importPosted(visit: Visit, context: Context): Promise<Page> {
  const word = visit.form.get('kind') ?? '';
  const kind = KINDS.find((one) => one === word);
  const text = visit.form.get('file') ?? '';
  const error = (field: string, words: string) => form(422, context, word, [{ field, text: words }]);
  if (kind === undefined) return error('kind', 'Select what the file holds');
  if (text === NOT_UTF8) return error('file', 'The file is not UTF-8: save it as "CSV UTF-8"');
  if (text.trim() === '') return error('file', 'Choose a file with at least two lines');
  const asked: ImportAsk = {
    files: [{ kind, text }],
    bundle: null,
    endMissing: visit.form.get('end-missing') === 'yes',
  };
  const plan = await importDirectory(visit.deps.door, context, { ...asked, ...DRY });
  if (plan.faults.length > 0) {
    const words = `The file has ${plan.faults.length} faults, listed below. Nothing was changed`;
    return form(422, context, kind, [{ field: 'file', text: words }], plan.faults);
  }
  if (visit.session === null) return { redirect: '/console/directory/import' };
  return { redirect: `/console/directory/import/${keepImport(visit.session, asked)}` };
}

export async function previewPage(visit: Visit, context: Context): Promise<Page> {
  const asked = visit.session?.imports.get(visit.look);
  if (asked === undefined) return tooOld();
  const plan = await importDirectory(visit.deps.door, context, { ...asked, ...DRY });
  return preview(200, visit, plan, []);
}

async function preview(status: number, visit: Visit, plan: Imported, errors: FieldError[]): Promise<Page> {
  const real = plan.changes.filter(({ action }) => action !== 'unchanged');
  const counts = countsOf(plan.changes);
  const names = await namesBehind(visit, real.slice(0, SHOWN));
  return {
    status,
    template: 'directory-preview',
    context: {
      errors,
      id: visit.look,
      reason: visit.form.get('reason') ?? '',
      counts,
      nothing: real.length === 0,
      alone: plan.narrows || visit.role === 'admin',
      faults: plan.faults,
      hidden: Math.max(0, real.length - SHOWN),
      changes: real.slice(0, SHOWN).map(({ action, name, where, fields }) => ({
        action: ACTIONS[action],
        name,
        where: where.join(', '),
        fields: differenceRows(fields, action, names),
      })),
    },
  };
}

/** Names of what the differences refer to: of the directory, and of what this import adds. */
async function namesBehind(visit: Visit, changes: readonly PlannedChange[]): Promise<Map<string, string>> {
  const values = changes.flatMap(({ fields }) => fields.flatMap(({ before, after }) => [before, after]));
  const refs = values.flatMap((reference) => (reference?.includes('/') === true ? [{ reference }] : []));
  const known = await namesIn(visit.deps.door, { resourceType: 'Basic', refs });
  const added = changes.map(({ type, id, resource }) => [`${type}/${id}`, labelOf({ ...resource, id })] as const);
  return new Map([...known, ...added]);
}

export async function previewPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const asked = visit.session?.imports.get(visit.look);
  if (asked === undefined) return tooOld();
  const reason = (visit.form.get('reason') ?? '').trim();
  if (reason.length < 5) {
    const plan = await importDirectory(door, context, { ...asked, ...DRY });
    return preview(422, visit, plan, [{ field: 'reason', text: 'Enter the reason, in 5 characters or more' }]);
  }
  const done = await importDirectory(door, context, { ...asked, dryRun: false, reason });
  if (done.status === 'faulty')
    return preview(422, visit, done, [
      { field: 'reason', text: 'The directory has changed since. Nothing was changed' },
    ]);
  visit.session?.imports.delete(visit.look);
  const way = { href: '/console/directory', text: 'Go to the directory' };
  if (done.status === 'unchanged')
    return message(200, 'There was nothing to do', ['All of it stands there already.'], way);
  if (done.status === 'applied') return message(200, 'Done', ['The directory is changed as it was shown.'], way);
  return message(
    202,
    'It waits for a second person',
    ['Somebody else who keeps the directory confirms it. It then takes effect as it was shown, all of it or nothing.'],
    { href: '/console/proposals', text: 'See what waits' },
  );
}

function tooOld(): Page {
  const words = 'It was sent on already, or other imports have taken its place. Choose the file again.';
  return message(404, 'This import is not here any more', [words], {
    href: '/console/directory/import',
    text: 'Import a file',
  });
}
