// Many calls in flight on one socket, each with its own answer.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Platform } from './platform.mjs';
import { SERVICE, TRANSPORTS, payload } from './site.mjs';

const COURSES = [2, 4, 5];

for (const [how, options] of Object.entries(TRANSPORTS)) {
  describe(`load, ${how}`, () => {
    const platform = new Platform(SERVICE, options);
    after(() => platform.close());

    test('two hundred calls in flight get two hundred answers, each its own', async () => {
      const ask = (courseID) => platform.call('getUsersFromCourse', payload({ courseID }));
      const alone = new Map();
      for (const courseID of COURSES) alone.set(courseID, await ask(courseID));
      assert.equal(new Set([...alone.values()].map((users) => users.length)).size, COURSES.length);
      const wanted = Array.from({ length: 200 }, (_, index) => COURSES[index % COURSES.length]);
      const answers = await Promise.all(wanted.map(ask));
      for (const [index, courseID] of wanted.entries()) assert.deepEqual(answers[index], alone.get(courseID));
    });
  });
}
