/** GET AuditEvent and AuditEvent/[id]: the access record. Nobody writes it: 405; a partner's own events go into a chain of their own. */
import { Outcome, refuse } from '../../fhir/outcome.ts';
import { isPartnerIntake, takePartnerEvent } from '../../oversight/partner-intake.ts';
import { readAuditEvent, searchAuditEvents } from '../../record/audit-events.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import type { FhirHandler } from './request.ts';

export const auditEvent: FhirHandler = async (door, request) => {
  const { url, method, context } = request;
  if (method === 'POST' && !url.search && url.id === null && isPartnerIntake(context)) {
    requireContentType(request.headers, JSON_BODIES);
    const id = await takePartnerEvent(door, context, await request.body());
    return { status: 201, headers: { Location: `${door.base}/AuditEvent/${id}` } };
  }
  if (method !== 'GET' && method !== 'HEAD' && !url.search) {
    const diagnostics = 'The access record is written by the service alone and never changed (R-27)';
    throw new Outcome(405, [{ severity: 'error', code: 'not-supported', diagnostics }], { Allow: 'GET' });
  }
  if (url.history || url.vid !== null)
    throw refuse(404, 'not-supported', 'Audit records have one version: read AuditEvent/[id]');
  if (url.id !== null) return { status: 200, body: await readAuditEvent(door, context, url.id) };
  const form = url.search ? (await request.body()).toString('utf8') : '';
  const query = [url.query, form].filter((part) => part !== '').join('&');
  const lenient = request.prefer.handling === 'lenient';
  return { status: 200, body: await searchAuditEvents(door, context, { query, lenient }) };
};
