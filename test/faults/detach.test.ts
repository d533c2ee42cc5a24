import { describe } from 'vitest';
import { testSweeps } from './sweep-tests.js';

describe('after any fault at any request of detach, and a resume, all holds', () => testSweeps('detach'));
