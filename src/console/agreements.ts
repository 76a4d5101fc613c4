/** Pages of the register of sharing agreements: the list, one in plain words, proposing, changing, revoking. */
import { Outcome } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import {
  type AgreementVersion,
  agreementResource,
  agreementWarnings,
  readAgreement,
  readRegister,
  revokeAgreement,
  type ServiceNames,
  serviceNames,
} from '../oversight/agreements.ts';
import { enterKeeping } from '../oversight/proposals.ts';
import { propose } from '../oversight/two-persons.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readReason } from './access-form.ts';
import { type AgreementForm, contractOf, EMPTY_FORM, readAgreementForm, WHAT } from './agreement-form.ts';
import { formOf } from './agreement-prefill.ts';
import { betweenWords, clausesOf, endWords, STATES } from './agreement-words.ts';
import { message, type Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { purposeWords } from './words.ts';

const PATH = '/console/agreements';

export async function agreementsPage(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const [views, names] = [await readRegister(door, context), await serviceNames(door)];
  const agreements = views.map((view) => ({
    id: view.id,
    title: view.title,
    between: betweenWords(view.rows, names),
    state: STATES[view.state],
    end: endWords(view),
  }));
  return { status: 200, template: 'agreements', context: { agreements } };
}

export async function agreementPage(visit: Visit, context: Context): Promise<Page> {
  return shown(visit, context, 200, { reason: '', errors: [] });
}

async function shown(
  visit: Visit,
  context: Context,
  status: number,
  typed: { reason: string; errors: FieldError[] },
): Promise<Page> {
  const { door } = visit.deps;
  const versions = await readAgreement(door, context, visit.look);
  const names = await serviceNames(door);
  const { guardians, told } = await agreementWarnings(door, context, visit.look);
  const [current] = versions;
  if (current === undefined) throw new Error('an agreement without a version');
  const { id, title, state, lawfulBasis, retention, rows } = current;
  return {
    status,
    template: 'agreement',
    context: {
      ...typed,
      id,
      title,
      state: STATES[state],
      isOver: state === 'revoked' || state === 'ended',
      end: endWords(current),
      between: betweenWords(rows, names),
      lawfulBasis,
      retention,
      ...clausesOf(rows, names),
      versions: versions.map(versionLine),
      guardians: guardians.map(({ sideName, name }) => ({ side: sideName, name })),
      told: told.map((one) => ({ ...one, at: shownTime(one.at) })),
    },
  };
}

function versionLine({ version, updated, status, proposer, decider, words, ...view }: AgreementVersion) {
  const by =
    proposer === null
      ? 'Loaded'
      : proposer === decider
        ? `${proposer}, alone: it only narrowed`
        : `${proposer}, confirmed by ${decider}`;
  return { version, at: shownTime(updated), status, by, words, end: endWords(view) };
}

/** Ends it at once, by one person. */
export async function revokePosted(visit: Visit, context: Context): Promise<Page> {
  const { reason, errors } = readReason(visit.form.get('reason') ?? '');
  if (errors.length > 0) return shown(visit, context, 422, { reason, errors });
  await revokeAgreement(visit.deps.door, context, visit.look, reason);
  return { redirect: `${PATH}/${encodeURIComponent(visit.look)}` };
}

export async function newAgreementForm(visit: Visit, context: Context): Promise<Page> {
  await enterKeeping(visit.deps.door, context);
  return formPage(visit, 200, { form: EMPTY_FORM, errors: [], id: null });
}

export async function changeForm(visit: Visit, context: Context): Promise<Page> {
  await enterKeeping(visit.deps.door, context);
  const form = formOf(await agreementResource(visit.deps.door, context, visit.look), context.now);
  if (form !== null) return formPage(visit, 200, { form, errors: [], id: visit.look });
  return message(
    422,
    'This agreement cannot be changed with the form',
    [
      'Its clauses say more than the form can hold, or it has no last day.',
      'It can be revoked here. A change is proposed with the $propose operation; then it stands under Proposals.',
    ],
    { href: `${PATH}/${encodeURIComponent(visit.look)}`, text: 'Go back to the agreement' },
  );
}

export function proposePosted(visit: Visit, context: Context): Promise<Page> {
  return posted(visit, context, null);
}

export function changePosted(visit: Visit, context: Context): Promise<Page> {
  return posted(visit, context, visit.look);
}

async function posted(visit: Visit, context: Context, id: string | null): Promise<Page> {
  const { door } = visit.deps;
  const names = await serviceNames(door);
  const { form, errors } = readAgreementForm({ get: (name) => visit.form.get(name) ?? null });
  for (const field of ['first', 'second'] as const)
    if (form[field] !== '' && !names.has(form[field])) errors.push({ field, text: 'Select a service from the list' });
  if (errors.length > 0) {
    await enterKeeping(door, context);
    return formPage(visit, 422, { form, errors, id });
  }
  try {
    const before: Resource | null = id === null ? null : await agreementResource(door, context, id);
    const body = Buffer.from(JSON.stringify(contractOf(form, before)));
    const done = await propose(door, context, body, form.reason);
    if ('pending' in done) return { redirect: `/console/proposals/${done.pending}` };
    return { redirect: `${PATH}/${done.written.id}` };
  } catch (error) {
    if (!(error instanceof Outcome) || error.status !== 422) throw error;
    return formPage(visit, 422, { form, errors: error.issues.map(fieldFault), id });
  }
}

const FIELDS: readonly [RegExp, string][] = [
  [/applies/, 'until-day'],
  [/control/, 'purpose'],
  [/asset/, 'what'],
];

function fieldFault({
  diagnostics,
  expression,
}: {
  diagnostics?: string;
  expression?: string | readonly string[];
}): FieldError {
  const path = String(expression ?? '');
  return {
    field: FIELDS.find(([pattern]) => pattern.test(path))?.[1] ?? 'first',
    text: diagnostics ?? 'This cannot be',
  };
}

async function formPage(
  visit: Visit,
  status: number,
  { form, errors, id }: { form: AgreementForm; errors: FieldError[]; id: string | null },
): Promise<Page> {
  const names: ServiceNames = await serviceNames(visit.deps.door);
  const services = [...names].map(([value, text]) => ({ value, text }));
  return {
    status,
    template: 'agreement-form',
    context: {
      form,
      errors,
      id,
      services: [{ value: '', text: 'Select a service' }, ...services],
      what: WHAT.map((one) => ({
        name: `what-${one.id}`,
        value: 'yes',
        text: one.text,
        checked: form.what.includes(one.id),
      })),
      purposes: (['TREAT', 'ETREAT', 'CAREMGT', 'COC', 'PATADMIN'] as const).map((code) => ({
        name: `purpose-${code}`,
        value: 'yes',
        text: purposeWords(code),
        checked: form.purposes.includes(code),
      })),
    },
  };
}
