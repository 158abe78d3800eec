// Calls a service as a backend does: so many sockets, so many calls in flight, for so many seconds.
// Usage: node load.mjs, with a job as JSON on standard input. Prints the seconds that each call has taken, and what the
// service's probe says of the time between the first and the last of them.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

const require = createRequire(new URL('../tests/integration/node/package.json', import.meta.url));
const { io } = require('socket.io-client');

const job = JSON.parse(readFileSync(0, 'utf8'));
const probe = async () => (await fetch(`${job.service}/__probe`)).json();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function connected() {
  const socket = io(job.service, { transports: ['websocket'], forceNew: true });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });
}

const own = () => randomBytes(16).toString('hex');
const shared = own();
let made = 0;

// Puts into the payload what no two calls may have in common.
function payload() {
  const options = { url: job.site, apiKey: job.ownKeys ? own() : shared, timeoutMs: 120_000 };
  const filled = { ...job.payload, options };
  if (job.feedback) filled.feedback = job.feedback.map((extId) => ({ extId, text: `${job.text} ${own()}` }));
  made += 1;
  return filled;
}

async function call(socket) {
  const started = performance.now();
  const reply = await socket.timeout(150_000).emitWithAck(job.event, payload());
  const taken = (performance.now() - started) / 1000;
  if (!reply.success) throw new Error(reply.message);
  if (job.rows && reply.data.length < job.rows) throw new Error(`${reply.data.length} rows came of ${job.rows}`);
  if (job.feedback && reply.data.published !== job.feedback.length) throw new Error(JSON.stringify(reply.data.results[0]));
  return taken;
}

async function load() {
  const sockets = [];
  for (let count = 0; count < job.sockets; count += 1) sockets.push(await connected());
  const workers = Array.from({ length: job.inFlight }, (_, index) => sockets[index % sockets.length]);
  for (let round = 0; round < job.warm; round += 1) await Promise.all(workers.map(call));
  const before = await probe();
  const taken = [];
  const started = performance.now();
  const until = started + job.seconds * 1000;
  await Promise.all(
    workers.map(async (socket) => {
      while (performance.now() < until) taken.push(await call(socket));
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return { taken, seconds, made, before, after: await probe() };
}

async function idle() {
  const first = await connected();
  await first.emitWithAck('call', {});
  await pause(300);
  const before = await probe();
  const sockets = [];
  while (sockets.length < job.sockets) sockets.push(...(await Promise.all(Array.from({ length: 20 }, connected))));
  await pause(1000);
  return { before, after: await probe() };
}

const result = await (job.event ? load() : idle());
process.stdout.write(JSON.stringify(result), () => process.exit(0));
