/** `npm run bench:prepare [-- --families N] [--copies N] [--records N] [--store NAME] [--fresh]`: builds the large store once; a stopped build goes on. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { grow } from './grow.ts';
import { benchFolder, isPrepared, siteOf } from './site.ts';
import { lengthen } from './trail.ts';

const { values: options } = parseArgs({
  options: {
    families: { type: 'string', default: '20000' },
    copies: { type: 'string', default: '0' },
    records: { type: 'string', default: '0' },
    store: { type: 'string', default: 'prepared' },
    fresh: { type: 'boolean' },
  },
});
const say = (text: string): void => void process.stdout.write(text);

if (isPrepared(options.store) && options.fresh !== true) {
  say(`The store is there already: ${join(benchFolder(), options.store)} (--fresh builds it again)\n`);
} else {
  const site = siteOf(options.store, options.fresh === true);
  const began = Date.now();
  await build(site, Number(options.families), say);
  await grow(site, Number(options.copies), say);
  await lengthen(site, Number(options.records), say);
  writeFileSync(join(dirname(site.manifest), 'complete'), `${new Date().toISOString()}\n`);
  const minutes = (Date.now() - began) / 60_000;
  say(`Ready after ${minutes.toFixed(1)} minutes.${minutes > 8 ? ' Fewer families: --families N.' : ''}\n`);
}
