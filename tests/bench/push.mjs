// SPDX-License-Identifier: MIT
// Usage: node push.mjs BASE CA N DEVICES WINDOW <BODY: N notifications over one connection, as a sender with Node's own http2 would.
import fs from 'node:fs';
import http2 from 'node:http2';

const [base, ca, n, devices, window] = process.argv.slice(2).map((v, i) => (i < 2 ? v : Number(v)));
const body = fs.readFileSync(0);
const session = http2.connect(base, { ca: fs.readFileSync(ca) });
const token = `bearer ${'x'.repeat(220)}`;
let started = 0, done = 0, good = 0;

function start() {
	const i = started++;
	const stream = session.request({
		':method': 'POST', ':path': `/3/device/${i % devices}`, 'apns-push-type': 'alert', 'apns-topic': 'com.example.app',
		'apns-id': `0198c0de-0000-7000-8000-${String(i).padStart(12, '0')}`, 'apns-priority': '10',
		'content-type': 'application/json', authorization: token,
	});
	stream.on('response', h => { good += h[':status'] === 200; });
	stream.on('data', () => {});
	stream.on('close', () => {
		done++;
		if (started < n) start();
		else if (done === n) { console.log(good); session.close(); }
	});
	stream.end(body);
}
for (let i = 0; i < window && i < n; i++) start();
