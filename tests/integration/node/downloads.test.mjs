// Many and large files: the plain reply's limit, details, streams with back-pressure, progress.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Platform } from './platform.mjs';
import { SERVICE, TRANSPORTS, filesOf, original, sha1 } from './site.mjs';

const DOWNLOAD = 'downloadSubmissionsFromUser';

for (const [how, options] of Object.entries(TRANSPORTS)) {
  describe(`downloads, ${how}`, () => {
    const platform = new Platform(SERVICE, options);
    let disconnects = 0;
    platform.socket.on('disconnect', () => (disconnects += 1));
    after(() => platform.close());

    test('ten files fit into a plain reply, eleven are too_large and break nothing', async () => {
      const files = (await filesOf(platform)).map((file) => file.fileurl);
      const reply = await platform.reply(DOWNLOAD, { fileUrls: files.slice(0, 11) });
      assert.equal(reply.error.code, 'too_large');
      assert.match(reply.message, /stream/);
      assert.equal((await platform.call(DOWNLOAD, { fileUrls: files.slice(0, 10) })).length, 10);
      assert.equal(disconnects, 0);
    });

    test('one file that fails fails the plain call and is named', async () => {
      const [first, second] = await filesOf(platform);
      const broken = new URL(second.fileurl);
      broken.pathname = broken.pathname.replace(/[^/]+$/, 'gone.pdf');
      const reply = await platform.reply(DOWNLOAD, { fileUrls: [first.fileurl, broken.href] });
      assert.equal(reply.success, false);
      assert.equal(reply.error.details.files.length, 1);
      assert.equal(reply.data, undefined);
    });

    test('detailed replies say what each file is, and which failed', async () => {
      const [first, second] = await filesOf(platform);
      const reply = await platform.reply(DOWNLOAD, { fileUrls: [first, second], detailed: true });
      assert.ok(reply.success, reply.message);
      for (const [index, file] of [first, second].entries()) {
        const expected = await original(file.fileurl);
        const row = reply.data[index];
        assert.ok(row.content.equals(expected.bytes));
        assert.deepEqual([row.filename, row.size, row.mimetype, row.sha1], [file.filename, file.filesize, file.mimetype, expected.sha1]);
      }
      const broken = new URL(second.fileurl);
      broken.searchParams.set('ticket', 'forged');
      const partly = await platform.reply(DOWNLOAD, { fileUrls: [first, broken.href], detailed: true });
      assert.equal(partly.error.code, 'partial_failure');
      assert.ok(Buffer.isBuffer(partly.data[0].content));
      assert.ok(partly.data[1].error);
    });

    test('a stream brings any number of files, piece by piece, each acknowledged', async () => {
      const files = await filesOf(platform);
      assert.ok(files.length > 10);
      const received = files.map(() => []);
      const finished = new Set();
      let waiting = 0;
      let mostWaiting = 0;
      const take = (part, acknowledge) => {
        assert.equal(part.seq, received[part.index].length, 'in order');
        received[part.index].push(part.chunk);
        if (part.last) finished.add(part.index);
        waiting += 1;
        mostWaiting = Math.max(mostWaiting, waiting);
        setImmediate(() => {
          waiting -= 1;
          acknowledge();
        });
      };
      platform.socket.on('file', take);
      const reply = await platform.reply(DOWNLOAD, { fileUrls: files.map((file) => file.fileurl), stream: true });
      platform.socket.off('file', take);
      assert.ok(reply.success, reply.message);
      assert.equal(finished.size, files.length);
      assert.ok(mostWaiting <= 8, `${mostWaiting} pieces at a time are more than a few`);
      for (const [index, file] of files.entries()) {
        const bytes = Buffer.concat(received[index]);
        assert.equal(bytes.length, file.filesize, file.filename);
        assert.equal(reply.data[index].size, file.filesize);
        assert.equal(reply.data[index].sha1, sha1(bytes));
        assert.equal(reply.data[index].content, undefined);
      }
      assert.equal(disconnects, 0);
    });

    test('progress comes on the caller’s own socket, the last of it always', async () => {
      const files = (await filesOf(platform)).slice(0, 8).map((file) => file.fileurl);
      const seen = [];
      const note = (progress) => seen.push(progress);
      platform.socket.on('progress', note);
      await platform.call(DOWNLOAD, { fileUrls: files, progressId: `p-${how}` });
      platform.socket.off('progress', note);
      assert.ok(seen.length > 0);
      for (const progress of seen) assert.deepEqual([progress.progressId, progress.method], [`p-${how}`, DOWNLOAD]);
      const last = seen.at(-1);
      assert.deepEqual([last.done, last.total], [8, 8]);
    });
  });
}
