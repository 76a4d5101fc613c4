/** Room on the disk: an alarm first, then writes are refused while reads and their records go on (house.md section 4). */
import { statfs } from 'node:fs/promises';
import type { Log } from '../log.ts';

/** Below the alarm operators are told, below the stop writes are refused; whole megabytes of the disk of a folder. */
export interface DiskRoom {
  path: string;
  alarmMegabytes: number;
  stopMegabytes: number;
}

export interface DiskWatch {
  /** Too little room for the record to grow: what is left belongs to the trail of who reads. */
  full(): boolean;
  /** Free for the service's account when last looked, whole megabytes; null while nobody watches. */
  freeMegabytes(): number | null;
  stop(): void;
}

/** Longest time in which a disk fills unseen; one `statfs` costs microseconds. */
const EVERY_MS = 5_000;
const MEGABYTE = 1_048_576;

type Level = 'enough' | 'low' | 'full';

/** Looks once before it returns, then every five seconds; each change of level is logged. `null` watches nothing. */
export async function watchDisk(config: DiskRoom | null, log: Log): Promise<DiskWatch> {
  if (config === null) return { full: () => false, freeMegabytes: () => null, stop: () => undefined };
  let level: Level = 'enough';
  let free: number | null = null;
  const look = async (): Promise<void> => {
    const before = level;
    try {
      free = await freeIn(config.path);
      level = levelOf(free, config);
    } catch (error) {
      log.warn('the room on the disk cannot be seen', { error: error instanceof Error ? error.name : 'unknown' });
      return;
    }
    if (level !== before) tell(log, level, free);
  };
  await look();
  const timer = setInterval(() => void look(), EVERY_MS);
  timer.unref();
  return { full: () => level === 'full', freeMegabytes: () => free, stop: () => clearInterval(timer) };
}

async function freeIn(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.floor((bavail * bsize) / MEGABYTE);
}

function levelOf(free: number, { alarmMegabytes, stopMegabytes }: DiskRoom): Level {
  if (free < stopMegabytes) return 'full';
  return free < alarmMegabytes ? 'low' : 'enough';
}

function tell(log: Log, level: Level, freeMegabytes: number): void {
  if (level === 'enough') log.info('there is room on the disk again', { freeMegabytes });
  else if (level === 'low') log.error('ALARM: the disk is nearly full', { freeMegabytes });
  else log.error('ALARM: the disk is full: writes are refused until there is room, reads go on', { freeMegabytes });
}
