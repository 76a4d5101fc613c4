/** GET [type]?..., POST [type]/_search, compartments ([focus]/[id]/[type]), and the later pages of a search (R4 http.html#search). */
import { refuse } from '../../fhir/outcome.ts';
import { nextPage } from '../../record/next-page.ts';
import { search as searchRecord } from '../../record/search.ts';
import { formOf, requireContentType } from '../negotiate.ts';
import type { FhirHandler } from './request.ts';

const FORM = 'application/x-www-form-urlencoded';

export const search: FhirHandler = async (door, request) => {
  const { url, context, prefer } = request;
  const page = pageOf(url.query);
  if (page !== null) return { status: 200, body: await nextPage(door, context, page) };
  const form = request.method === 'POST' ? await sentForm(request) : '';
  const query = [url.query, form].filter((part) => part !== '').join('&');
  const lenient = prefer.handling === 'lenient';
  const later = request.later === undefined ? {} : { later: request.later };
  const { within, id } = url;
  const body =
    within === null || id === null || url.type === null
      ? await searchRecord(door, context, { type: url.type, query, lenient, ...later })
      : await searchRecord(door, context, {
          type: within === '*' ? null : within,
          query,
          lenient,
          ...later,
          compartment: { type: url.type, id },
        });
  // `_format` and `_pretty` count in a form as they do in an address (R4 search.html: the two are equal).
  return form.includes('_format') || form.includes('_pretty')
    ? { status: 200, body, form: formOf(request.headers, query) }
    : { status: 200, body };
};

async function sentForm(request: Parameters<FhirHandler>[1]): Promise<string> {
  const bytes = await request.body();
  if (bytes.length === 0) return '';
  requireContentType(request.headers, [FORM]);
  const text = bytes.toString('utf8');
  if (text.includes('\u0000')) throw refuse(400, 'invalid', 'The form holds a NUL character');
  return text;
}

/** A page link, wherever a client hangs it: some keep the type of their search and take only the query of the link. */
function pageOf(query: string): string | null {
  return query.includes('_page=') ? new URLSearchParams(query).get('_page') : null;
}
