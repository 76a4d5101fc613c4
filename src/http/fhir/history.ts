/** GET _history at instance, type and system level (R4 http.html#history). */
import { history as historyRecord } from '../../record/history.ts';
import type { FhirHandler } from './request.ts';

export const history: FhirHandler = async (door, { url, context }) => ({
  status: 200,
  body: await historyRecord(door, context, { type: url.type, id: url.id, query: url.query }),
});
