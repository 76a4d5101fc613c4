import type { World } from './world.ts';
export async function s3(_world: World): Promise<void> {}
