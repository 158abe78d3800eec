// Buffers that are given as feedback files arrive byte for byte. Run against a sandbox of the wider client by itself.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { Platform } from './platform.mjs';
import { SERVICE, TRANSPORTS, payload } from './site.mjs';

const FILES = { courseID: 2, assignmentID: 28 };
const sha1 = (content) => createHash('sha1').update(content).digest('hex');

for (const [index, [how, options]] of Object.entries(TRANSPORTS).entries()) {
  describe(`feedback files, ${how}`, () => {
    const platform = new Platform(SERVICE, options);
    after(() => platform.close());
    const user = 5 + index;

    test('a Buffer arrives byte for byte, and is unchanged the second time', async () => {
      const content = randomBytes(300_000);
      const feedback = [{ extId: user, text: 'see the file', files: [{ filename: 'räw ü.pdf', content }] }];
      const report = await platform.call('publishAssignmentTextFeedback', { ...payload(FILES), feedback });
      assert.deepEqual(report.results[0].files, [
        { filename: 'räw ü.pdf', name: 'räw ü.pdf', size: content.length, sha1: sha1(content), status: 'stored' },
      ]);
      const again = await platform.call('publishAssignmentTextFeedback', { ...payload(FILES), feedback });
      assert.deepEqual([again.unchanged, again.results[0].files[0].status], [1, 'unchanged']);
    });

    test('more than ten files of several users arrive, and each is its own', async () => {
      const file = (number) => ({ filename: `${number}.bin`, content: Buffer.from([number, index, 0, 255]) });
      const row = (extId, first) => ({ extId, files: Array.from({ length: 8 }, (_, each) => file(first + each)) });
      const grades = [row(10 + index, 0), row(20 + index, 100)];
      const report = await platform.call('publishGrades', { ...payload(FILES), grades });
      assert.equal(report.published, 2);
      for (const [number, result] of report.results.entries()) {
        const sent = grades[number].files.map(({ content }) => sha1(content));
        assert.deepEqual(result.files.map((each) => each.sha1), sent);
        assert.ok(result.files.every(({ status }) => status === 'stored'));
      }
    });

    test('a row whose files make no sense costs only itself, and says which', async () => {
      const bad = [
        [{ content: Buffer.from('x') }, 'files.0.filename is missing.'],
        [{ filename: 'a.txt' }, 'files.0.content is missing.'],
        [{ filename: 'sub/a.txt', content: Buffer.from('x') }, 'files.0.filename has a folder in it; pass the name alone.'],
        [{ filename: 'a.txt', content: Buffer.alloc(0) }, 'files.0.content is empty.'],
      ];
      const grades = bad.map(([file], number) => ({ extId: 25 + number, files: [file] }));
      const reply = await platform.reply('publishGrades', { ...payload(FILES), grades: [...grades, { extId: 30, grade: 5 + index }] });
      assert.equal(reply.error.code, 'partial_failure');
      const said = new Map(reply.data.results.map((row) => [row.extId, row.message]));
      for (const [number, [, message]] of bad.entries()) assert.equal(said.get(25 + number), message);
      assert.equal(reply.data.published, 1);
    });
  });
}
