/** Child process: compiles the snapshot named on its command line and ends, giving all its memory back. */
import { compileTo } from './compile.ts';
import type { Sources } from './sources.ts';

const [, , file = '', hash = '', text = ''] = process.argv;
const sources: Sources = JSON.parse(text);
compileTo(file, hash, sources);
