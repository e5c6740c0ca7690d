// SPDX-License-Identifier: MIT
// Usage: node h2.mjs KEY CERT: servers of HTTP/2 with every fault that a test asks for, on ports of 127.0.0.1 that are printed as one line
// of NAME=PORT.  Ends when its standard input does.
//
// "good" is Node's own, what it does is asked for by the path; the others speak frames by hand, each with one fault.
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

const options = { key: fs.readFileSync(process.argv[2]), cert: fs.readFileSync(process.argv[3]) };
const C = http2.constants;
let sessions = 0, tunnels = 0;
const tries = new Map();
const nth = name => (tries.set(name, (tries.get(name) ?? 0) + 1), tries.get(name));

// ---- good: Node's ----

const answers = {
	ok: s => { s.respond({ ':status': 200, 'x-kind': 'plain' }); s.end('hello'); },
	echo: (s, h, body) => { s.respond({ ':status': 200 }); s.end(body); },
	head: (s, h) => { s.respond({ ':status': 200 }); s.end(JSON.stringify(h)); },
	none: s => s.respond({ ':status': 204 }, { endStream: true }),
	hints: s => { s.additionalHeaders({ ':status': 103, link: '</a>' }); answers.ok(s); },
	trailers: s => {
		s.respond({ ':status': 200 }, { waitForTrailers: true });
		s.on('wantTrailers', () => { if (!s.sentTrailers) s.sendTrailers({ 'x-late': 'yes' }); });
		s.end('body');
	},
	hang: () => {},
	reset: s => s.close(C.NGHTTP2_INTERNAL_ERROR),
	// /refuse/NAME/N: the first N times
	refuse: (s, h) => { const [, , name, n] = h[':path'].split('/'); nth(name) <= Number(n) ? s.close(C.NGHTTP2_REFUSED_STREAM) : answers.ok(s); },
	old: s => s.close(C.NGHTTP2_HTTP_1_1_REQUIRED),
	big: (s, h) => { s.respond({ ':status': 200 }); s.end('x'.repeat(Number(h[':path'].split('/')[2]))); },
	// Of ten that are under way at once the first five were begun, it says, and answers them.
	half: (s, h) => {
		const session = s.session, wave = session.wave ??= [];
		if (nth(h[':path']) > 1) return answers.ok(s);
		wave.push(s);
		if (wave.length < 10) return;
		wave.sort((a, b) => a.id - b.id);
		session.goaway(C.NGHTTP2_NO_ERROR, wave[4].id);
		setTimeout(() => wave.slice(0, 5).forEach(answers.ok), 20);
	},
	crash: s => s.session.destroy(),
	sessions: s => { s.respond({ ':status': 200 }); s.end(String(sessions)); },
	tries: (s, h) => { s.respond({ ':status': 200 }); s.end(String(tries.get(h[':path'].split('/')[2]) ?? 0)); },
	most: s => { s.respond({ ':status': 200 }); s.end(String(s.session.most)); },
	tunnels: s => { s.respond({ ':status': 200 }); s.end(String(tunnels)); },
	late: s => setTimeout(() => answers.ok(s), 5),
	// From now on so many at once; what was on its way before that is known is refused, as it may be.
	shrink: (s, h) => {
		const n = Number(h[':path'].split('/')[2]);
		s.session.settings({ maxConcurrentStreams: n }, () => { s.session.most = 0; answers.ok(s); });
	},
};

function onStream(stream, headers) {
	const chunks = [], session = stream.session;
	stream.on('error', () => {});
	session.open = (session.open ?? 0) + 1;
	session.most = Math.max(session.most ?? 0, session.open);
	stream.on('close', () => session.open--);
	stream.on('data', c => chunks.push(c));
	stream.on('end', () => {
		if (!stream.aborted && !session.destroyed)
			(answers[headers[':path'].split('/')[1]] ?? answers.none)(stream, headers, Buffer.concat(chunks));
	});
}

const good = http2.createSecureServer({ ...options, allowHTTP1: true, settings: { maxConcurrentStreams: 50 } }, (request, response) => {
	if (request.httpVersion !== '1.1') return;
	response.end(`HTTP/${request.httpVersion}`);
});
good.on('session', session => { sessions++; session.on('error', () => {}); });
good.on('stream', onStream);

// ---- frames by hand ----

const frame = (type, flags, stream, body = Buffer.alloc(0)) => {
	const head = Buffer.alloc(9);
	head.writeUIntBE(body.length, 0, 3);
	head[3] = type;
	head[4] = flags;
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, body]);
};
const SETTINGS = frame(4, 0, 0), SETTINGS_ACK = frame(4, 1, 0);

// By hand: ${greet} when the connection is there, ${answer} when the first HEADERS came (type 1).
function raw(greet, answer) {
	return tls.createServer({ ...options, ALPNProtocols: ['h2'] }, socket => {
		let seen = Buffer.alloc(0), answered = false;
		socket.on('error', () => {});
		greet(socket);
		socket.on('data', data => {
			seen = Buffer.concat([seen, data]);
			if (seen.length < 24) return;
			for (let at = 24; at + 9 <= seen.length; at += 9 + seen.readUIntBE(at, 3))
				if (seen[at + 3] === 1 && !answered && answer) {
					answered = true;
					answer(socket, seen.readUInt32BE(at + 5));
				}
		});
	});
}
const ok = id => frame(1, 5, id, Buffer.from([0x88]));
const goaway = last => { const b = Buffer.alloc(8); b.writeUInt32BE(last); return frame(7, 0, 0, b); };
const window = id => frame(8, 0, id, Buffer.from([0x7f, 0xfe, 0, 0])); // about all that there can be
const hello = s => s.write(Buffer.concat([SETTINGS, SETTINGS_ACK]));
const forever = (socket, bytes) => {
	const more = () => { while (!socket.destroyed && socket.writable && socket.write(bytes)); };
	socket.on('drain', more);
	more();
};
// A header of 4,000 bytes, put into the table, and thousands of references to it of one byte each.
const bomb = Buffer.concat([Buffer.from([0x88, 0x40, 0x01, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 0x62), Buffer.alloc(12000, 0xbe)]);
const pings = Buffer.concat(Array(1000).fill(frame(6, 0, 0, Buffer.alloc(8))));
const interim = Buffer.concat([Buffer.from([0x08, 0x03]), Buffer.from('103')]);

// The first connection ends in two steps (RFC 9113, 6.8), and the second says that nothing was begun; the next ones answer.
let left = 0;
const twice = (s, id) => {
	if (left++ > 0) return s.write(ok(id));
	s.write(goaway(0x7fffffff));
	setTimeout(() => s.write(goaway(0)), 20);
};

// It lets all of the body come, and reads none of it: soon there is no room on the way.
const deaf = (s, id, then) => {
	s.write(Buffer.concat([window(0), window(id)]));
	s.pause();
	setTimeout(then, 100);
};

// Says by whom it is asked, and takes leave.
const known = http2.createSecureServer({ ...options, requestCert: true, rejectUnauthorized: false });
known.on('stream', stream => {
	stream.respond({ ':status': 200 });
	stream.end(stream.session.socket.getPeerCertificate().subject?.CN ?? '');
	stream.session.close();
});

const servers = {
	good,
	known,
	twice: raw(hello, twice),
	early: raw(hello, (s, id) => deaf(s, id, () => s.end(ok(id)))),
	enough: raw(hello, (s, id) => s.write(Buffer.concat([ok(id), frame(3, 0, id, Buffer.alloc(4))]))),
	deaf: raw(hello, (s, id) => deaf(s, id, () => s.write(ok(id)))),
	plain: https.createServer(options, (request, response) => response.end(`HTTP/${request.httpVersion}`)),
	clear: http.createServer((request, response) => response.end('in the clear')),
	proxy: http.createServer().on('connect', (request, socket) => {
		const to = net.connect(Number(request.url.split(':')[1]), '127.0.0.1', () => {
			tunnels++;
			socket.write('HTTP/1.1 200 OK\r\n\r\n');
			to.pipe(socket).pipe(to);
		});
		to.on('error', () => socket.destroy());
		socket.on('error', () => to.destroy());
	}),
	garbage: raw(hello, s => s.write(Buffer.alloc(1000, 0x5a))),
	giant: raw(hello, (s, id) => s.write(Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 1, 4]), Buffer.from([0, 0, 0, id]), Buffer.alloc(70000)]))),
	bomb: raw(hello, (s, id) => s.write(frame(1, 5, id, bomb))),
	pings: raw(hello, s => forever(s, pings)),
	settings: raw(hello, s => forever(s, Buffer.concat(Array(1000).fill(SETTINGS)))),
	interims: raw(hello, (s, id) => forever(s, Buffer.concat(Array(100).fill(frame(1, 4, id, interim))))),
	silent: raw(() => {}),
	zero: raw(s => s.write(Buffer.concat([frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 0])), SETTINGS_ACK]))),
	dead: raw(hello),
	fades: raw(hello, (s, id) => s.write(frame(1, 5, id, Buffer.from([0x88])))),
	leaves: raw(s => s.write(Buffer.concat([SETTINGS, frame(7, 0, 0, Buffer.concat([Buffer.alloc(8), Buffer.from('{"reason":"Shutdown"}')]))]))),
};

const ports = [];
for (const [name, server] of Object.entries(servers))
	await new Promise(done => server.listen(0, '127.0.0.1', () => { ports.push(`${name}=${server.address().port}`); done(); }));
console.log(ports.join(' '));
process.stdin.on('end', () => process.exit()).resume();
