import { expect, test } from '@jest/globals';
import type { AuditEntry } from '../../../src/audit/types.ts';
import type { ClientRegister, IdentityLog, ReplayCache, TokenEntry } from '../../../src/identity/ports.ts';
import { silentLog } from '../../../src/log.ts';
import type { identityStore } from '../../../src/store/identity.ts';

/** The type check is the test: neither room may import the other, so nothing else holds their shapes together. */
test('what identity needs is what store, log and audit offer', () => {
  const fits = (
    store: ReturnType<typeof identityStore>,
    entry: TokenEntry,
  ): [ClientRegister, ReplayCache, AuditEntry] => [store, store, entry];
  const log: IdentityLog = silentLog;
  expect([typeof fits, typeof log.warn]).toEqual(['function', 'function']);
});
