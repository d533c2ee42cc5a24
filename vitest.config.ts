import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './tools/closing-line.js';

/**
 * Limits are there to end what hangs. Where starting a process takes 30 ms of CPU, tests take ten times as long as elsewhere.
 *
 * Test files of what runs in this process alone share their workers (`isolate: false`): loading the sources anew for each took a third of the time.
 *
 * One project for each kind of test; `npm run test:KIND` runs one. They run one kind after the other (groupOrder), so that timings in one
 * are not disturbed by another. Most tests wait for other processes: two files run at a time even on two cores, where Vitest would take one.
 */
export default defineConfig({
  test: {
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: [['default', { summary: false }], new ClosingLine()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/cases/**/*.test.ts'],
          isolate: false,
          testTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'sshd',
          include: ['test/sshd/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'simulator',
          include: ['test/simulator/**/*.test.ts'],
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // the image is built once for all files, which takes about 2 minutes, so the first hook may wait long. Each file has a lab of its own, of three
        // guests: on two cores two side by side take two thirds of the time, more would run into their deadlines
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
