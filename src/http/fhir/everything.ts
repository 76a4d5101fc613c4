/** GET or POST [type]/[id]/$everything for Patient, Encounter, family Group and EpisodeOfCare. */
import { everything as everythingRecord } from '../../record/everything.ts';
import { operationQuery } from '../operations/parameters.ts';
import { type FhirHandler, idOf, typeOf } from './request.ts';

export const everything: FhirHandler = async (door, request) => {
  const query = await operationQuery(door, request);
  return {
    status: 200,
    body: await everythingRecord(door, request.context, {
      type: typeOf(request),
      id: idOf(request),
      query,
      ...(request.later === undefined ? {} : { later: request.later }),
    }),
  };
};
