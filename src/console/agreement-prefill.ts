/** An agreement that is there already as the form that changes it, where the form can say all that it says. Pure. */
import { londonDate } from '../fhir/london.ts';
import type { Resource } from '../fhir/types.ts';
import type { AgreementRow } from '../governance/types.ts';
import { type AgreementView, agreementView } from '../oversight/agreement-view.ts';
import type { DateParts } from './access-form.ts';
import { type AgreementForm, contractOf, EMPTY_FORM, PEOPLE, SYSTEMS, WHAT } from './agreement-form.ts';

/** Null when its clauses say more than the form can: then only its end can be changed here. */
export function formOf(resource: Resource, now: Date): AgreementForm | null {
  const view = agreementView(resource, now);
  const [row] = view.rows;
  if (row === undefined || row.until === null) return null;
  const form: AgreementForm = {
    ...EMPTY_FORM,
    title: view.title,
    first: row.fromService,
    second: row.toService,
    direction: view.rows.some(({ fromService }) => fromService === row.toService) ? 'both' : 'first',
    what: WHAT.filter(({ types }) => types.some((type) => typesIn(resource).has(type))).map(({ id }) => id),
    purposes: [...PEOPLE, ...SYSTEMS].filter((one) => view.rows.some(({ purposes }) => purposes.includes(one))),
    label: view.rows.some(({ maxLabel }) => maxLabel === 'R') ? 'R' : 'N',
    from: row.from === null ? EMPTY_FORM.from : partsOfDay(row.from),
    until: partsOfDay(new Date(Date.parse(row.until) - 1)),
    basis: view.lawfulBasis ?? '',
    retention: view.retention ?? '',
  };
  return saysTheSame(view, agreementView(contractOf(form, resource), now)) ? form : null;
}

function typesIn(resource: Resource): Set<string> {
  return new Set(
    [...JSON.stringify(resource.term ?? []).matchAll(/"code":"([A-Z][A-Za-z]+)"/g)].map(([, type = '']) => type),
  );
}

function partsOfDay(instant: string | Date): DateParts {
  const [year = '', month = '', day = ''] = londonDate(instant).split('-');
  return { day: String(Number(day)), month: String(Number(month)), year };
}

function saysTheSame(a: AgreementView, b: AgreementView): boolean {
  const lines = (rows: readonly AgreementRow[]) =>
    rows
      .map(({ classes, purposes, source: _, ...row }) =>
        JSON.stringify([row, [...classes].sort(), [...purposes].sort()]),
      )
      .sort()
      .join('\n');
  return lines(a.rows) === lines(b.rows);
}
