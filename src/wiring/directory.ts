/** What the directory does by the clock: leavers and movers each minute, the HR file each night. */
import type { Config } from '../config/types.ts';
import { settleAll } from '../directory/settle.ts';
import { startHrFile } from '../jobs/hr-file.ts';
import type { Door } from '../record/types.ts';
import type { Pool } from '../store/pool.ts';

export interface DirectoryJobs {
  /** Each minute. */
  settle(): Promise<unknown>;
  stop(): Promise<void>;
}

export function startDirectoryJobs({ hrFile }: Pick<Config, 'hrFile'>, door: Door, pool: Pool): DirectoryJobs {
  const hr = hrFile === undefined ? null : startHrFile(door, { pool, path: hrFile });
  return {
    settle: () => settleAll(door),
    stop: async () => {
      await hr?.stop();
    },
  };
}
