/** What of the record's needs stands on the secrets of this installation. */
import { auditedQuery } from '../audit/query-text.ts';
import { openHandle, personKey, type Secrets, sealHandle } from '../identity/secrets.ts';
import type { Door } from '../record/types.ts';

export function sealing(secrets: Secrets): Pick<Door, 'auditQuery' | 'seal' | 'unseal' | 'personKey'> {
  return {
    auditQuery: (raw, requestId) => auditedQuery(raw, 0, { key: secrets.query, requestId }),
    seal: (text) => sealHandle(secrets, text),
    unseal: (handle) => openHandle(secrets, handle),
    personKey: (number) => personKey(secrets, number),
  };
}
