import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LAYERS } from '../../../tools/layers.js';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));
const entries = readdirSync(source, { recursive: true, withFileTypes: true });
const names = entries.map((entry) => ({
  relativePath: path.relative(source, path.join(entry.parentPath, entry.name)),
  isFile: entry.isFile(),
}));
const files = names.filter((entry) => entry.isFile).map((entry) => entry.relativePath);

test('there are source files to look at', () => {
  expect(files.length).toBeGreaterThan(50);
});

test('no source file has more than 300 lines', () => {
  const lineCounts = files.map((file) => ({
    file,
    lines: readFileSync(path.join(source, file), 'utf8').split('\n').length - 1,
  }));
  expect(lineCounts.filter(({ lines }) => lines > 300)).toEqual([]);
});

test('files and folders are kebab-case, and files are TypeScript', () => {
  expect(files.filter((file) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(file))).toEqual([]);
});

test('nothing is named after no subject: utils, helpers, manager', () => {
  expect(files.filter((file) => /(^|[-/])(utils?|helpers?|managers?|misc|common)([-./]|$)/.test(file))).toEqual([]);
});

test('no folder inside a layer is named as a layer: the lint rules of layers go by the folder name', () => {
  const inner = names.filter((entry) => !entry.isFile).map((entry) => entry.relativePath.split(path.sep).slice(1));
  expect(inner.flat().filter((folder) => LAYERS[folder] !== undefined)).toEqual([]);
});

test('files beside the layers are only the package entry', () => {
  expect(files.filter((file) => !file.includes(path.sep) && file !== 'index.ts')).toEqual([]);
});
