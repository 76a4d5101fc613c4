/** What of the record's needs stands on the secrets of this installation. */
import { auditedQuery, decryptQuery } from '../audit/query-text.ts';
import { openHandle, personKey, type Secrets, sealHandle } from '../identity/secrets.ts';
import type { Door } from '../record/types.ts';

export function sealing(secrets: Secrets): Pick<Door, 'auditQuery' | 'openQuery' | 'seal' | 'unseal' | 'personKey'> {
  return {
    auditQuery: (raw, requestId, path) => auditedQuery(raw, 0, { key: secrets.query, requestId }, path),
    openQuery: (stored, requestId) => decryptQuery(stored, secrets.query, requestId),
    seal: (text) => sealHandle(secrets, text),
    unseal: (handle) => openHandle(secrets, handle),
    personKey: (number) => personKey(secrets, number),
  };
}
