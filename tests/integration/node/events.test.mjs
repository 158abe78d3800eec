// Every published event, in both dialects, over every transport.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { Platform } from './platform.mjs';
import { COURSE, DIALECTS, ESSAY, MINIMUM, NOBODY_SUBMITTED, SERVICE, TRANSPORTS, filesOf, original, payload, sha1 } from './site.mjs';

const GRADED = 5;
const UNGRADED = 9;
const NOBODY = 99999;

for (const [how, options] of Object.entries(TRANSPORTS)) {
  for (const [dialect, say] of Object.entries(DIALECTS)) {
    describe(`${dialect} words, ${how}`, () => {
      const platform = new Platform(SERVICE, options);
      const essay = say.ids({ courseID: COURSE, assignmentID: ESSAY });
      after(() => platform.close());

      test('the liveness probe is answered', async () => {
        assert.equal((await platform.reply('call', { any: 'thing' })).data, 'Hello World!');
      });

      test('users of a course come with their values under both names', async () => {
        const users = await platform.call('getUsersFromCourse', say.ids({ courseID: COURSE }));
        assert.equal(users.length, 34);
        for (const user of users) {
          assert.equal(user.extId, user.id);
          assert.equal(user.userName, user.username);
          assert.equal(user.firstName, user.firstname);
          assert.equal(user.lastName, user.lastname);
          for (const key of ['username', 'firstname', 'lastname', 'fullname', 'email', 'roles']) assert.equal(typeof user[key], 'string');
          assert.deepEqual(user.roles.split(', '), user.roleList.map((role) => role.name));
        }
        const named = users.find((user) => user.id === 7);
        assert.deepEqual([named.firstName, named.lastName, named.roles], ['李', '小龍', 'student']);
      });

      test('users of an assignment come although nobody has submitted', async () => {
        for (const assignmentID of [ESSAY, NOBODY_SUBMITTED]) {
          for (const token of [undefined, MINIMUM]) {
            const users = await platform.call('getUsersFromAssignment', say.ids({ courseID: COURSE, assignmentID }, token));
            const ids = users.map((user) => user.extId);
            assert.ok(ids.includes(GRADED) && ids.includes(34), `${ids}`);
            assert.ok(!ids.includes(3), 'the teacher does not take part');
          }
        }
      });

      test('submissions come with who made them and what is in them', async () => {
        const rows = await platform.call(say.submissions, essay);
        const first = rows.find((row) => row.userid === GRADED);
        assert.deepEqual(first.userIds, [GRADED]);
        assert.deepEqual([first.userInfo.firstName, first.userInfo.lastName], ['Zoë', 'Müller']);
        assert.equal(first.gradingstatus, 'graded');
        assert.deepEqual(first.files.map((file) => [file.filename, file.filesize]), [['essay.pdf', 20009]]);
        for (const row of rows) {
          assert.deepEqual(row.submissionURLs, row.files.map(({ filename, fileurl }) => ({ filename, fileurl })));
        }
      });

      test('a file URL gives away no token', async () => {
        const [file] = await filesOf(platform);
        assert.ok(!file.fileurl.includes(process.env.MOODLE_TOKEN));
      });

      test('files come as Buffers in the order asked, byte for byte, with nothing but their URLs', async () => {
        const all = await filesOf(platform);
        const chosen = [...all.filter((file) => file.filesize < 1_000_000).slice(0, 7), all.find((file) => file.filesize > 8_000_000)].reverse();
        const contents = await platform.call(say.download, say.files(chosen));
        assert.equal(contents.length, chosen.length);
        for (const [index, content] of contents.entries()) {
          const expected = await original(chosen[index].fileurl);
          assert.ok(Buffer.isBuffer(content));
          assert.equal(content.length, chosen[index].filesize);
          assert.ok(content.equals(expected.bytes), chosen[index].filename);
          assert.equal(sha1(content), expected.sha1);
        }
      });

      test('feedback is published, and says what became of each', async () => {
        const items = [
          { extId: GRADED, text: `Well argued. ${randomUUID()}` },
          { extId: String(UNGRADED), text: `Go on. ${randomUUID()}` },
        ];
        const publish = (feedback) => platform.reply('publishAssignmentTextFeedback', { ...essay, ...say.feedback(feedback) });
        const reply = await publish(items);
        assert.ok(reply.success, reply.message);
        assert.deepEqual([reply.data.published, reply.data.failed], [2, 0]);
        assert.deepEqual(reply.data.results.map((result) => Number(result.extId)), [GRADED, UNGRADED]);

        const partly = await publish([...items, { extId: NOBODY, text: 'nobody' }]);
        assert.equal(partly.success, false);
        assert.equal(partly.error.code, 'partial_failure');
        assert.equal(partly.data.failed, 1);
        assert.ok(partly.data.results[2].message);
      });

      test('assignments of a course come with id, name and maximum', async () => {
        const found = await platform.call('getAssignmentInfoFromCourse', say.ids({ courseID: COURSE }));
        assert.deepEqual(found[0], [ESSAY, 'Essay (files)', 100]);
        assert.ok(found.every(([id, name, max]) => Number.isInteger(id) && typeof name === 'string' && (max === null || max > 0)));
      });

      test('a failure is thrown with a message that stands alone', async () => {
        const wrong = say.ids({ courseID: COURSE }, '0'.repeat(32));
        await assert.rejects(platform.call('getUsersFromCourse', wrong), /API key/);
      });
    });
  }
}

test('a socket for one call only gets its answer', async () => {
  for (let round = 0; round < 5; round += 1) {
    const platform = new Platform(SERVICE);
    assert.equal((await platform.call('getUsersFromCourse', payload({ courseID: COURSE }))).length, 34);
    platform.close();
  }
});
