/** What became of the implementation-guide packages, told in the log. */
import type { Definitions } from '../definitions/types.ts';
import type { Log } from '../log.ts';

/** A broken package is left out and told: the service goes on, because no write depends on a package's profiles. */
export function tellPackages(definitions: Definitions, log: Log): void {
  for (const { file, name, version, fault, leftOut } of definitions.packages) {
    if (fault !== null) log.error(`package not used: ${fault}`, { file });
    else log.info('package loaded', { file, name: name ?? '', version: version ?? '' });
    for (const reason of leftOut.slice(0, 20)) log.warn(`definition of a package not used: ${reason}`);
  }
}
