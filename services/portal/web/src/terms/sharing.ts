import type { Text } from '../api/types';
import { valueName } from './fields';
import type { Tone } from './names';

const CODES = ['universal', 'on_demand', 'not_shared'];

/** How data are shared, by code. */
export const SHARE_CLASSES: Record<string, Text> = Object.fromEntries(CODES.map((c) => [c, valueName(c) ?? { zh: c, en: c }]));

export const SHARE_TONES: Record<string, Tone> = { universal: 'good', on_demand: 'going', not_shared: 'quiet' };
