/** One case: reading it, and each of its steps. Identity is visible here. */

import type { CaseAct } from '../audit/case-rules.ts';
import { printedNhsNumber } from '../fhir/identifiers.ts';
import { CASE_ACTS, type CaseView, readCase, stepCase } from '../oversight/cases.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readWords } from './access-form.ts';
import { evidenceShown, FINDING_ITEMS } from './case-evidence.ts';
import { lineWords, neutralQuestion, outcomeWords, STEP_FORMS, stateWords } from './case-words.ts';
import type { Page } from './pages.ts';
import { keepLook } from './session.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';

export async function casePage(visit: Visit, context: Context): Promise<Page> {
  return shown(await readCase(visit.deps.door, context, visit.look), context, {
    status: 200,
    errors: [],
    typed: new Map(),
  });
}

/** What each step must at least say. */
const LEAST: Readonly<Record<CaseAct, number>> = {
  ...{ assign: 0, gather: 0, reconcile: 3, close: 0, note: 3, ask: 15, answer: 3, breach: 15, explain: 15, decide: 15 },
  ...{ revoke: 15, hr: 3, inform: 3, ico: 15, datix: 3 },
};

export async function casePosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const act = CASE_ACTS.find((one) => one === visit.form.get('act'));
  if (visit.form.get('act') === 'look') return lookFrom(visit, context);
  const version = Number(visit.form.get('version'));
  const outcome = visit.form.get('outcome') ?? null;
  const { words, errors } = readWords(visit.form.get(`${act}-words`) ?? '', `${act}-words`, LEAST[act ?? 'note']);
  if (act === 'decide' && outcome === null) errors.unshift({ field: 'outcome', text: 'Select what you decided' });
  if (act === 'reconcile') errors.unshift(...comparisonErrors(visit.form));
  if (act === undefined || !Number.isSafeInteger(version) || errors.length > 0) {
    return shown(await readCase(door, context, visit.look), context, { status: 422, errors, typed: visit.form });
  }
  const to = visit.form.get('to') === 'manager' ? 'To the manager' : 'To the person';
  const said = act === 'ask' ? `${to}: ${words}` : words;
  const compared = { records: chosenIn(visit.form), finding: visit.form.get('finding') ?? null };
  await stepCase(door, context, visit.look, { act, words: said, outcome, version, compared });
  return { redirect: `/console/cases/${visit.look}` };
}

/** Records whose boxes are ticked. */
const chosenIn = (form: Fields): number[] =>
  [...form.keys()].flatMap((name) => {
    const [, n] = /^record-([1-9]\d{0,14})$/.exec(name) ?? [];
    return n === undefined ? [] : [Number(n)];
  });

function comparisonErrors(form: Fields): FieldError[] {
  return [
    ...(chosenIn(form).length === 0 ? [{ field: 'accesses', text: 'Choose the accesses you compared' }] : []),
    ...(form.get('finding') === undefined ? [{ field: 'finding', text: 'Select what comparing them showed' }] : []),
  ];
}

/** Who looked at this family: a look with the case as its reason, so that no number is in any address. */
async function lookFrom(visit: Visit, context: Context): Promise<Page> {
  const { nhsNumbers, file } = await readCase(visit.deps.door, context, visit.look);
  const nhsNumber = nhsNumbers.find((one) => one === visit.form.get('number')) ?? nhsNumbers[0];
  if (visit.session === null || nhsNumber === undefined) return { redirect: `/console/cases/${file.reference}` };
  const look = keepLook(visit.session, { nhsNumber, reason: `Case ${file.reference}: ${file.reason}` });
  return { redirect: `/console/access-record/${look.id}` };
}

type Fields = ReadonlyMap<string, string>;

interface Answer {
  status: number;
  errors: FieldError[];
  /** What stood in the fields, to be shown again with its errors. */
  typed: Fields;
}

function shown(view: CaseView, context: Context, { status, errors, typed }: Answer): Page {
  const { file, lines, alerts, acts, breachBy } = view;
  return {
    status,
    template: 'case',
    context: {
      errors,
      reference: file.reference,
      version: file.version,
      state: stateWords(file.state, file.outcome),
      reason: file.reason,
      people: view.people,
      hasPeople: file.parties.length > 0,
      isMine: file.assignedTo === context.principal.practitionerRole,
      numbers: view.nhsNumbers.map((number) => ({ number, printed: printedNhsNumber(number) })),
      opened: shownTime(file.opened),
      due: shownDay(file.reviewDue),
      overdue: file.state !== 'closed' && file.reviewDue < context.now.toISOString().slice(0, 10),
      breach: breachBy === null ? null : { ...shownTime(breachBy), isDecided: view.isIcoDecided },
      evidence: evidenceShown(view),
      findings: FINDING_ITEMS,
      typed: Object.fromEntries(typed),
      isGuardian: context.principal.role === 'caldicott-guardian' && !['new', 'closed'].includes(file.state),
      question: neutralQuestion(alerts[0] === undefined ? null : shownTime(alerts[0].at).day),
      steps: STEP_FORMS,
      alerts: alerts.map((alert) => ({ ...alert, at: shownTime(alert.at) })),
      lines: lines.map((line) => ({ ...line, at: shownTime(line.at), did: lineWords(line.kind) })),
      broken: view.broken,
      may: Object.fromEntries(acts.map(({ act, no }) => [act, no === null])),
      why: acts.find(({ act, no }) => act === 'close' && no !== null)?.no ?? null,
      outcomes: view.outcomes.map((value) => ({ value, text: outcomeWords(value) })),
    },
  };
}
