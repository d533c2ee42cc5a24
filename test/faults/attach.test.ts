import { describe } from 'vitest';
import { testSweeps } from './sweep-tests.js';

describe('after any fault at any request of attach, and a resume, all holds', () => testSweeps('attach'));
