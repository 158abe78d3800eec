// Reports of MooPanel sites: each recorded one reaches a backend that subscribed, also one that was away.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Platform } from './platform.mjs';
import { MOODLE, MOODLE_FROM_HERE, SERVICE } from './site.mjs';

const recorded = JSON.parse(await readFile(new URL('../../recordings/moopanel.json', import.meta.url)));
const reports = recorded.exchanges.filter(({ id }) => id.startsWith('callback /api/'));
const INSTANCES = [123, 666, 667, 1234];

/** The body of a report as it was sent; of exported settings the beginning was recorded, which is closed here. */
const bodyOf = ({ request: { body } }) => (typeof body === 'string' ? `${body.split('...')[0]}SITE_URL></PRESET>` : JSON.stringify(body));

describe('reports of sites', () => {
  let key;
  const platforms = [];
  const options = () => ({ url: MOODLE, apiKey: key });

  const report = (exchange, apiKey = key) =>
    fetch(`${SERVICE}${exchange.request.path}`, { method: 'POST', headers: { 'X-API-KEY': apiKey }, body: bodyOf(exchange) });

  /** A backend that collects what it is sent, and acknowledges it. */
  const collecting = () => {
    const platform = new Platform(SERVICE, { transports: ['websocket'] });
    platform.heard = [];
    platform.until = (count) => new Promise((resolve) => {
      platform.check = () => platform.heard.length >= count && resolve(platform.heard);
      platform.check();
    });
    platform.socket.on('moopanel', (event, acknowledge) => {
      platform.heard.push(event);
      acknowledge(true);
      platform.check?.();
    });
    platforms.push(platform);
    return platform;
  };

  before(async () => {
    key = (await (await fetch(`${MOODLE_FROM_HERE}/__moopanel`)).json()).apiKey;
  });
  after(() => platforms.forEach((platform) => platform.close()));

  test('all 24 recorded reports are received and relayed, in their order', async () => {
    const platform = collecting();
    for (const instanceId of INSTANCES) await platform.call('moopanel.subscribe', { instanceId, options: options() });
    assert.equal(reports.length, 24);
    for (const exchange of reports) assert.deepEqual(await (await report(exchange)).json(), { status: true });
    const heard = await platform.until(reports.length);
    for (const instanceId of INSTANCES) {
      const sent = reports.filter(({ request }) => request.path.split('/').includes(String(instanceId)));
      const got = heard.filter((event) => event.instanceId === instanceId);
      assert.deepEqual(got.map((event) => event.number), got.map((event) => event.number).sort((a, b) => a - b));
      assert.equal(got.length, sent.length);
    }
    assert.equal(heard.filter((event) => event.kind === 'adminPreset' && event.xml.startsWith('<PRESET>')).length, 2);
    assert.ok(!JSON.stringify(heard).includes(key));
  });

  test('a backend that was away reads on where it stopped', async () => {
    const first = collecting();
    await first.call('moopanel.subscribe', { instanceId: 666, options: options() });
    await report(reports[0]);
    const [{ number }] = await first.until(1);
    first.close();
    await report(reports[1]);
    await report(reports[2]);
    const again = collecting();
    await again.call('moopanel.subscribe', { instanceId: 666, after: number, options: options() });
    const heard = await again.until(2);
    assert.deepEqual(heard.map((event) => event.link), [reports[1], reports[2]].map(({ request }) => request.body.link));
  });

  test('a connection that is lost and found again subscribes anew and loses nothing', async () => {
    const platform = collecting();
    let last;
    const subscribe = () => platform.call('moopanel.subscribe', { instanceId: 667, after: last, options: options() });
    ({ after: last } = await subscribe());
    platform.socket.io.engine.close();
    await report(reports.at(-1));
    await new Promise((resolve) => platform.socket.once('connect', resolve));
    await subscribe();
    assert.equal((await platform.until(1))[0].instanceId, 667);
  });

  test('another key is neither let in nor told anything', async () => {
    const stranger = collecting();
    const wrong = { url: MOODLE, apiKey: '0'.repeat(32) };
    const reply = await stranger.reply('moopanel.subscribe', { instanceId: 666, after: 0, options: wrong });
    assert.equal(reply.error.code, 'invalid_token');
    assert.equal((await report(reports[0], wrong.apiKey)).status, 401);
    assert.equal((await report(reports[0])).status, 200);
    assert.equal(await stranger.call('call', {}), 'Hello World!');
    assert.deepEqual(stranger.heard, []);
  });
});
