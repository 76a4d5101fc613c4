/** Builds a store through the service itself, and leaves it as a store that has been running for a while is. */

import { settle } from './durable.ts';
import { areaOf } from './families.ts';
import { fill, storedFamilies } from './fill.ts';
import { type Site, startService, tokenFor } from './site.ts';

/** Fills the site up to so many families, telling how it goes; nothing when they are there already. */
export async function build(site: Site, families: number, say: (text: string) => void): Promise<void> {
  if (storedFamilies(site.manifest).length >= families) return;
  const service = await startService(site);
  const began = performance.now();
  try {
    const repeats = await fill({
      area: areaOf(families),
      port: service.port,
      token: tokenFor(site, service.port, 'steward'),
      manifest: site.manifest,
      today: new Date().toISOString().slice(0, 10),
      progress: (done, perSecond) => {
        const left = Math.round((families - done) / perSecond);
        if (done % 500 === 0)
          say(`  ${done} of ${families} families, ${perSecond.toFixed(0)}/s, about ${left} s to go\n`);
      },
    });
    await settle(site);
    const seconds = (performance.now() - began) / 1_000;
    say(`${site.name}: ${families} families in ${seconds.toFixed(0)} s, ${repeats} requests repeated after a 5xx\n`);
  } finally {
    await service.stop();
  }
}
