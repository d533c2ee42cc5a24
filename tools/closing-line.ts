import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Ends a run with one plain line, `N passed, N failed, N skipped`, which `.ci/run` and people read. Prints the reason of each skip; a
 * skip without a reason counts as failed, and so does a test file that could not be loaded: nothing drops out in silence.
 */
export class ClosingLine implements Reporter {
  #filtered = false;

  onInit(vitest: Vitest): void {
    // `-t` marks all tests that it leaves out as skipped
    this.#filtered = vitest.config.testNamePattern !== undefined || vitest.getGlobalTestNamePattern() !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const lines: string[] = [];
    for (const module of modules) {
      count.failed += module.errors().length;
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed' || result.state === 'failed') {
          count[result.state] += 1;
        } else if (result.state === 'skipped' && result.note !== undefined && result.note !== '') {
          count.skipped += 1;
          lines.push(`skipped: ${test.fullName}: ${result.note}`);
        } else if (!this.#filtered) {
          count.failed += 1;
          lines.push(`failed: ${test.fullName}: ${result.state} without a reason; use context.skip('reason')`);
        }
      }
    }
    if (count.failed > 0) process.exitCode = 1;
    lines.push(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
