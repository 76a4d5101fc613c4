/** Worker thread entry: compiles the snapshot named in `workerData` and ends, giving its heap back. */
import { workerData } from 'node:worker_threads';
import { compileTo } from './compile.ts';
import type { Sources } from './sources.ts';

const { file, hash, sources }: { file: string; hash: string; sources: Sources } = workerData;
compileTo(file, hash, sources);
