/** Waits until the alert rules have looked at everything that is durable now. */
import { sealDurable } from '../../src/store/seal.ts';
import type { Service } from './service.ts';

export async function overseen(service: Service): Promise<void> {
  await sealDurable(service.pool);
  const head = (await service.pool.query<{ seq: number }>('select max(seq) as seq from audit_seal')).rows[0]?.seq ?? 0;
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const place = await service.pool.query<{ seq: number }>('select seq from oversight_place');
    if ((place.rows[0]?.seq ?? 0) >= head) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('oversight does not follow the seal');
}
