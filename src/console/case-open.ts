/** Opening a case: about an alert, an access or an item of a sample that the address names, or by NHS number and reason. */
import type { CaseSource } from '../oversight/case-sources.ts';
import { openCase } from '../oversight/cases.ts';
import { enterDesk } from '../oversight/officer.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readLookForm } from './access-form.ts';
import type { Page } from './pages.ts';
import type { Visit } from './visit.ts';

interface Named {
  alert: string;
  access: string;
  sample: string;
  item: string;
}

export async function openForm(visit: Visit, context: Context): Promise<Page> {
  await enterDesk(visit.deps.door, context);
  const named = namedIn((name) => visit.query.get(name) ?? '');
  return form(200, named, { nhsNumber: '', reason: '', errors: [] });
}

/** What the address or the form names, each in its own shape; anything else is not there. */
function namedIn(get: (name: string) => string): Named {
  const shaped = (name: string, shape: RegExp): string => (shape.test(get(name)) ? get(name) : '');
  const NUMBER = /^[1-9]\d{0,14}$/;
  const [sample, item] = [shaped('sample', NUMBER), shaped('item', NUMBER)];
  const both = sample !== '' && item !== '';
  return {
    alert: shaped('alert', /^AL-[0-9A-F]{10}$/),
    access: shaped('access', NUMBER),
    sample: both ? sample : '',
    item: both ? item : '',
  };
}

function form(status: number, named: Named, typed: { nhsNumber: string; reason: string; errors: FieldError[] }): Page {
  return { status, template: 'case-open', context: { ...named, ...typed } };
}

export async function openPosted(visit: Visit, context: Context): Promise<Page> {
  const named = namedIn((name) => visit.form.get(name) ?? '');
  const byNumber = Object.values(named).every((one) => one === '');
  const typed = { number: visit.form.get('nhs-number') ?? '', reason: visit.form.get('reason') ?? '' };
  const { nhsNumber, reason, errors: found } = readLookForm(typed.number, typed.reason);
  const errors = found.filter(({ field }) => byNumber || field !== 'nhs-number');
  if (errors.length > 0) {
    await enterDesk(visit.deps.door, context);
    return form(422, named, { nhsNumber, reason, errors });
  }
  const source = sourceOf(named, nhsNumber);
  return { redirect: `/console/cases/${await openCase(visit.deps.door, context, source, reason)}` };
}

function sourceOf({ alert, access, sample, item }: Named, nhsNumber: string): CaseSource {
  if (alert !== '') return { alert };
  if (access !== '') return { access: Number(access) };
  return sample === '' ? { nhsNumber } : { sample: Number(sample), item: Number(item) };
}
