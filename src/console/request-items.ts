/** The redaction queue: a stretch of items to release or agree with at once, and one item element by element. */
import { agreeItems, decideItem, releaseItems, reviewItem } from '../oversight/sar/decisions.ts';
import { openFile } from '../oversight/sar/files.ts';
import { kindWords } from '../oversight/sar/hints.ts';
import { EXCLUSIONS, type ItemView, readItem, readQueue, type Verdict } from '../oversight/sar/queue.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readWords } from './access-form.ts';
import type { Page } from './pages.ts';
import { EXCLUSION_WORDS, itemWords, STATE_FILTERS } from './request-words.ts';
import type { Visit } from './visit.ts';
import { typeWords } from './words.ts';

const LIST = '/console/subject-access';
/** Lines of an item shown in the queue; the item itself shows all. */
const LINES_SHOWN = 12;

export async function queuePage(visit: Visit, context: Context): Promise<Page> {
  const state = STATE_FILTERS.find(({ value }) => value === visit.query.get('state'))?.value ?? null;
  const after = Number(/^\d{1,9}$/.exec(visit.query.get('after') ?? '')?.[0] ?? 0);
  const { job, rows, next } = await readQueue(visit.deps.door, context, { reference: visit.look, state, after });
  const query = (more: Record<string, string>) =>
    new URLSearchParams({ ...(state === null ? {} : { state }), ...more });
  const base = `${LIST}/${job.reference}/items`;
  return {
    status: 200,
    template: 'request-items',
    context: {
      reference: job.reference,
      live: job.ended === null,
      filters: STATE_FILTERS.map((one) => ({
        ...one,
        current: one.value === state,
        href: `${base}?state=${one.value}`,
      })),
      all: { current: state === null, href: base },
      items: rows.map(({ item, shown, hints }) => ({
        ...{ n: item.n, decision: item.decision, hints, href: `${base}/${item.n}`, state: itemWords(item) },
        type: typeWords(item.type),
        title: shown?.title ?? null,
        lines: shown?.lines.slice(0, LINES_SHOWN) ?? [],
        more: Math.max(0, (shown?.lines.length ?? 0) - LINES_SHOWN),
        plain: hints.length === 0 && shown !== null,
        open: item.state === 'open',
        second: item.state === 'second' && item.verdict === 'release',
      })),
      next: next === null ? null : `${base}?${query({ after: String(next) })}`,
      first: after === 0 ? null : `${base}?${query({})}`,
    },
  };
}

/** Releases or agrees with what stands ticked on the page. */
export async function queuePosted(visit: Visit, context: Context): Promise<Page> {
  const reference = visit.look;
  const ticked = [...visit.form].flatMap(([name, value]) => {
    const n = /^item-(\d{1,9})$/.exec(name)?.[1];
    return n === undefined ? [] : [{ n: Number(n), decision: Number(value) }];
  });
  if (visit.form.get('act') === 'agree') await agreeItems(visit.deps.door, context, { reference, decisions: ticked });
  else await releaseItems(visit.deps.door, context, { reference, items: ticked.map(({ n }) => n) });
  return {
    redirect: `${LIST}/${reference}/items${visit.form.get('act') === 'agree' ? '?state=second' : '?state=open'}`,
  };
}

export async function itemPage(visit: Visit, context: Context): Promise<Page> {
  return shown(200, await readItem(visit.deps.door, context, { reference: visit.look, n: numberOf(visit) }), []);
}

function numberOf(visit: Visit): number {
  return Number(/^\d{1,9}$/.exec(visit.params.get('item') ?? '')?.[0] ?? 0);
}

/** A file of an item, for review: saved by the browser, never shown in it. */
export async function filePosted(visit: Visit, context: Context): Promise<Page> {
  const asked = { reference: visit.look, n: numberOf(visit), path: (visit.form.get('path') ?? '').slice(0, 300) };
  const { name, bytes } = await openFile(visit.deps.door, context, asked);
  return { file: { name, type: 'application/octet-stream', text: bytes } };
}

const VERDICTS: readonly Verdict[] = ['release', 'redact', 'withhold'];

export async function itemPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const where = { reference: visit.look, n: numberOf(visit) };
  const back: Page = { redirect: `${LIST}/${where.reference}/items?after=${Math.max(0, where.n - 1)}` };
  const act = visit.form.get('act');
  if (act === 'agree' || act === 'return') {
    const { words, errors } = readWords(visit.form.get('review-words') ?? '', 'review-words', act === 'agree' ? 0 : 3);
    if (errors.length > 0) return shown(422, await readItem(door, context, where), errors);
    const decision = Number(visit.form.get('decision'));
    await reviewItem(door, context, { ...where, decision, agreed: act === 'agree', words });
    return back;
  }
  const verdict = VERDICTS.find((one) => one === visit.form.get('verdict'));
  const code = EXCLUSIONS.find((one) => one === visit.form.get('code')) ?? null;
  const paths = [...visit.form].filter(([name]) => /^cut-\d+$/.test(name)).map(([, value]) => value);
  const leaves = verdict === 'release';
  const { words, errors } = readWords(visit.form.get('words') ?? '', 'words', leaves ? 0 : 3);
  if (verdict === undefined) errors.unshift({ field: 'verdict', text: 'Select what becomes of this item' });
  if (verdict !== undefined && !leaves && code === null) errors.push({ field: 'code', text: 'Select the reason' });
  if (verdict === 'redact' && paths.length === 0)
    errors.push({ field: 'cut-0', text: 'Select the elements to leave out' });
  if (verdict === undefined || errors.length > 0) return shown(422, await readItem(door, context, where), errors);
  const cut = verdict === 'redact' ? paths : [];
  await decideItem(door, context, { ...where, verdict, code: leaves ? null : code, paths: cut, words });
  return back;
}

function shown(status: number, view: ItemView, errors: FieldError[]): Page {
  const { job, item, elements, hints } = view;
  const cut = new Set(item.paths ?? []);
  const codes = EXCLUSIONS.filter((value) => value !== 'serious-harm' || view.mayJudge);
  return {
    status,
    template: 'request-item',
    context: {
      errors,
      ...{ reference: job.reference, n: item.n, decision: item.decision, hints, live: job.ended === null },
      type: typeWords(item.type),
      state: itemWords(item),
      by: item.byName,
      why: item.words,
      reviewer: item.reviewer,
      reviewWords: item.reviewWords,
      elements: elements.map((one, i) => ({ ...one, i, cut: cut.has(one.path) })),
      codes: codes.map((value) => ({ value, text: EXCLUSION_WORDS[value] })),
      mayReview: view.mayReview,
      files: view.files.map((one) => ({ ...one, kind: kindWords(one) })),
    },
  };
}
