// The peer of omni-recv: takes a webhook, writes the record to standard output, and answers when that has taken it.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

const twiml = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

createServer((req, res) => {
	const chunks = [];
	req.on('data', c => chunks.push(c));
	req.on('end', () => {
		const id = randomUUID();
		const record = {
			id, kind: 'webhook', at: new Date().toISOString(), carrier: 'twilio',
			request: { method: req.method, url: 'http://' + req.headers.host + req.url, headers: req.headers,
				body: Buffer.concat(chunks).toString() },
			peer: req.socket.remoteAddress,
		};
		process.stdout.write(JSON.stringify(record) + '\n', () => {
			res.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': twiml.length });
			res.end(twiml);
		});
	});
}).listen(Number(process.argv[2]), '127.0.0.1');
