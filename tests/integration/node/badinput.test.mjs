// Whatever is sent is answered with the right code, and the socket goes on.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Platform } from './platform.mjs';
import { COURSE, ESSAY, HTML, MOODLE, SERVICE, TOKEN, payload } from './site.mjs';

const USERS = 'getUsersFromCourse';
const ASSIGNMENT = 'getUsersFromAssignment';
const at = (url, apiKey = TOKEN) => ({ courseID: COURSE, options: { url, apiKey } });
const five = 'x'.repeat(5_000_000);

// Name, code, the paths in details.fields where they are known, event, payload.
const REFUSED = [
  ['a string', 'invalid_request', '', USERS, 'getUsers'],
  ['null', 'invalid_request', 'options, courseID', USERS, null],
  ['nothing', 'invalid_request', 'options, courseID', USERS],
  ['a number', 'invalid_request', '', USERS, 42],
  ['a boolean', 'invalid_request', '', USERS, true],
  ['a list', 'invalid_request', '', USERS, [payload({ courseID: COURSE })]],
  ['a Buffer', 'invalid_request', '', USERS, Buffer.from('abc')],
  ['two arguments', 'invalid_request', '', USERS, payload({ courseID: COURSE }), 'more'],
  ['a string of 5 MB', 'invalid_request', '', USERS, five],
  ['an id of 5 MB', 'invalid_request', 'courseID', USERS, payload({ courseID: five })],
  ['no id', 'invalid_request', 'courseID', USERS, payload({})],
  ['an empty id', 'invalid_request', 'courseID', USERS, payload({ courseID: '' })],
  ['an id of letters', 'invalid_request', 'courseID', USERS, payload({ courseID: 'abc' })],
  ['an id with SQL', 'invalid_request', 'assignmentID', ASSIGNMENT, payload({ courseID: COURSE, assignmentID: '12; drop' })],
  ['an id that is true', 'invalid_request', 'courseID', USERS, payload({ courseID: true })],
  ['a negative id', 'invalid_request', 'courseID', USERS, payload({ courseID: -1 })],
  ['half an id', 'invalid_request', 'courseID', USERS, payload({ courseID: 1.5 })],
  ['options that are a string', 'invalid_request', 'options', USERS, { courseID: COURSE, options: 'none' }],
  ['an ftp URL', 'invalid_request', 'options.url', USERS, at('ftp://moodle.example.edu')],
  ['a javascript URL', 'invalid_request', 'options.url', USERS, at('javascript:alert(1)')],
  ['a URL that is none', 'invalid_request', 'options.url', USERS, at('my moodle')],
  ['an empty URL', 'invalid_request', 'options.url', USERS, at('')],
  ['a token with a newline', 'invalid_request', 'options.apiKey', USERS, at(MOODLE, `${TOKEN}\nHost: elsewhere`)],
  ['no token', 'invalid_request', 'options.apiKey', USERS, { courseID: COURSE, options: { url: MOODLE } }],
  ['a deadline that is none', 'invalid_request', 'options.timeoutMs', USERS, { courseID: COURSE, options: { ...at(MOODLE).options, timeoutMs: 'soon' } }],
  ['files that are none', 'invalid_request', undefined, 'downloadSubmissionsFromUser', { fileUrls: ['file:///etc/passwd'] }],
  ['feedback that is none', 'invalid_request', undefined, 'publishAssignmentTextFeedback', { ...payload({ courseID: COURSE, assignmentID: ESSAY }), feedback: 'well done' }],
  ['an unknown event', 'unknown_method', undefined, 'getUsersFromCurse', payload({ courseID: COURSE })],
  ['an event of Object', 'unknown_method', undefined, '__proto__', {}],
  ['an unknown token', 'invalid_token', undefined, USERS, at(MOODLE, '0'.repeat(32))],
  ['an unknown course', 'not_found', undefined, USERS, payload({ courseID: 4711 })],
  ['an unknown assignment', 'not_found', undefined, ASSIGNMENT, payload({ courseID: COURSE, assignmentID: 4711 })],
  ['a host that does not exist', 'unreachable', undefined, USERS, at('https://moodle.invalid')],
  ['a host that does not listen', 'unreachable', undefined, USERS, at('http://127.0.0.1:9')],
  ['a site that answers HTML', 'bad_response', undefined, USERS, at(HTML)],
];

describe('wrong input', () => {
  const platform = new Platform(SERVICE);
  let connections = 0;
  platform.socket.on('connect', () => (connections += 1));
  after(() => platform.close());

  for (const [name, code, paths, event, ...sent] of REFUSED) {
    test(`${name} is answered with ${code}`, async () => {
      const reply = await platform.reply(event, ...sent);
      assert.equal(reply.success, false);
      assert.equal(reply.error.code, code, reply.message);
      assert.equal(reply.message, reply.error.message);
      assert.ok(reply.message.length > 10 && reply.message.length < 400, reply.message);
      assert.equal(typeof reply.error.retryable, 'boolean');
      assert.ok(!JSON.stringify(reply).includes(TOKEN));
      if (paths !== undefined) assert.equal(reply.error.details.fields.map((field) => field.path).join(', '), paths);
      if (code === 'unknown_method') assert.ok(reply.error.details.methods.length > 0);
      assert.equal(await platform.call('call'), 'Hello World!');
      assert.equal(connections, 1, 'the socket never broke');
    });
  }

  test('unknown keys are ignored, 5 MB of them too', async () => {
    const users = await platform.call(USERS, { ...payload({ courseID: COURSE }), later: five });
    assert.equal(users.length, 34);
    assert.equal(connections, 1);
  });

  test('a payload over the limit is answered with too_large', async () => {
    const reply = await platform.reply(USERS, { ...payload({ courseID: COURSE }), later: 'x'.repeat(33 * 1024 * 1024) });
    assert.equal(reply.error.code, 'too_large');
    assert.equal(await platform.call('call'), 'Hello World!');
    assert.equal(connections, 1);
  });

  test('an event that asks for no answer does no harm', async () => {
    platform.socket.emit(USERS, 'no one listens');
    assert.equal(await platform.call('call'), 'Hello World!');
    assert.equal(connections, 1);
  });

  test('a deadline of the call is kept', async () => {
    const wanted = payload({ courseID: COURSE });
    const reply = await platform.reply(USERS, { ...wanted, options: { ...wanted.options, timeoutMs: 1 } });
    assert.equal(reply.error.code, 'timeout');
    assert.equal(reply.error.retryable, true);
  });
});
