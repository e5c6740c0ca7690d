// SPDX-License-Identifier: MIT
// Usage: node gateway.mjs DIR: plays APNs, FCM with its token service, and Web Push, on one port of 127.0.0.1.
//
// Makes in DIR what a sender needs (apns.p8, firebase.json, vapid.key, browser.json) and the file `port`; writes one line for
// each request to `seen`.  Behind the port in `cert-port` is who wants client.crt instead of a token.  What it answers is asked for by name: the token of the device, the path of the endpoint.
// It verifies and decrypts with Node's own crypto and the package http_ece: nothing of it is ours.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { createRequire } from 'node:module';

const dir = process.argv[2];
const file = name => `${dir}/${name}`;
let ece = null;
try {
	ece = createRequire(import.meta.url)('http_ece');
} catch {
	fs.writeFileSync(file('no-ece'), '');
}

const apple = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const google = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const vapid = crypto.createECDH('prime256v1');
vapid.generateKeys();
const browser = crypto.createECDH('prime256v1');
browser.generateKeys();
const auth = crypto.randomBytes(16);

const seen = fs.openSync(file('seen'), 'a');
const note = o => fs.writeSync(seen, JSON.stringify(o) + '\n');
const part = s => JSON.parse(Buffer.from(s, 'base64url'));
const tries = new Map();
const nth = name => {
	tries.set(name, (tries.get(name) ?? 0) + 1);
	return tries.get(name);
};
let tokens = 0;

// A token (RFC 7515) under ${key}: its claims, or why not.
function verified(token, key, alg) {
	const [header, claims, signature] = token.split('.');
	const bytes = Buffer.from(signature, 'base64url');
	if (part(header).alg !== alg) return { wrong: 'alg' };
	if (alg === 'ES256' && bytes.length !== 64) return { wrong: `signature of ${bytes.length} bytes` };
	const ok = crypto.verify('sha256', Buffer.from(`${header}.${claims}`),
		alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, bytes);
	return ok ? { ...part(claims), kid: part(header).kid } : { wrong: 'signature' };
}

const apnsError = (status, reason, more) => ({ status, body: JSON.stringify({ reason, ...more }) });

function apns(headers, body, session) {
	const name = headers[':path'].split('/')[3];
	if (session.socket.server === certified) {
		note({ gateway: 'apns', name, subject: session.socket.getPeerCertificate().subject.UID, token: headers.authorization,
			headers: { topic: headers['apns-topic'] }, size: body.length });
		return { status: 200, headers: { 'apns-id': headers['apns-id'] }, body: '' };
	}
	const claims = verified((headers.authorization ?? '').replace(/^bearer /, ''), apple.publicKey, 'ES256');
	const seenHeaders = Object.fromEntries(Object.entries(headers).filter(([k]) => k.startsWith('apns-')));
	note({ gateway: 'apns', name, claims, headers: seenHeaders, body: JSON.parse(body), alone: session.alone });
	if (claims.wrong) return apnsError(403, 'InvalidProviderToken');
	const n = nth(name);
	if (name === 'gone') return apnsError(410, 'Unregistered', { timestamp: 1768381200000 });
	if (name.startsWith('bad')) return apnsError(400, 'BadDeviceToken');
	if (name === 'busy' && n === 1) return apnsError(429, 'TooManyRequests');
	if (name === 'trouble' && n === 1) return { status: 503, body: '{"reason":"Shutdown"}' };
	if (name === 'html') return { status: 502, body: '<html>Bad gateway</html>' };
	if (name === 'topic') return apnsError(400, 'BadTopic');
	if (name === 'expired' && n === 1) return apnsError(403, 'ExpiredProviderToken');
	if (name === 'forbidden') return apnsError(403, 'InvalidProviderToken');
	if (name === 'goaway' && n === 1) return { goaway: true };
	if (name.startsWith('hang') && n === 1) return { hang: true };
	if (name === 'leave' && n === 1) session.goaway(); // gracefully: what is under way is answered
	if (name === 'crash' && n === 1) return { destroy: true };
	if (name === 'refuse' && n === 1) return { refuse: true };
	if (name === 'vanish' && n === 1) return { destroy: true };
	return { status: 200, headers: { 'apns-id': headers['apns-id'] }, body: '', session };
}

const fcmError = (code, status, errorCode, more, headers) => ({
	status: code,
	headers,
	body: JSON.stringify({
		error: {
			code, status, message: more?.message ?? status,
			details: [...(errorCode ? [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }] : []),
				...(more?.details ?? [])],
		},
	}),
});

function fcm(headers, body) {
	const message = JSON.parse(body).message;
	const name = message.token ?? message.topic ?? message.condition;
	note({ gateway: 'fcm', name, path: headers[':path'], authorization: headers.authorization, message });
	if (!/^Bearer access-[0-9]+$/.test(headers.authorization)) return fcmError(401, 'UNAUTHENTICATED');
	for (const v of Object.values(message.data ?? {}))
		if (typeof v !== 'string') return fcmError(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT');
	const n = nth(name);
	if (name === 'unregistered') return fcmError(404, 'NOT_FOUND', 'UNREGISTERED');
	if (name === 'mismatch') return fcmError(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH');
	if (name === 'invalid') return fcmError(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT',
		{ message: 'The registration token is not a valid FCM registration token' });
	if (name === 'field') return fcmError(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT',
		{ details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'message.android.ttl' }] }] });
	if (name === 'quota' && n === 1) return fcmError(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', {}, { 'retry-after': '1' });
	if (name === 'quotalong') return fcmError(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', {}, { 'retry-after': '120' });
	if (name === 'unavailable' && n === 1) return fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE', {}, { 'retry-after': '1' });
	if (name === 'stale' && n === 1) return fcmError(401, 'UNAUTHENTICATED');
	if (name === 'third') return fcmError(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR');
	if (name.startsWith('vanish') && n === 1) return { destroy: true };
	if (name.startsWith('hang') && n === 1) return { hang: true };
	if (name.startsWith('wave') && n === 1) return { wave: true };
	if (name.startsWith('refuse') && n === 1) return { refuse: true };
	if (name === 'never') return { refuse: true };
	return { status: 200, name, body: JSON.stringify({ name: `projects/p1/messages/${name}` }) };
}

function oauth(headers, body) {
	const form = new URLSearchParams(body);
	const claims = verified(form.get('assertion'), google.publicKey, 'RS256');
	note({ gateway: 'oauth', grant: form.get('grant_type'), claims });
	if (fs.existsSync(file('no-grant'))) return { status: 400, body: '{"error":"invalid_grant"}' };
	return { status: 200, body: JSON.stringify({ access_token: `access-${++tokens}`, expires_in: 3599, token_type: 'Bearer' }) };
}

function web(headers, body) {
	const name = headers[':path'].slice('/wp/'.length);
	const [, t, k] = /^vapid t=([^,]+), k=(.+)$/.exec(headers.authorization) ?? [];
	const point = Buffer.from(k, 'base64url');
	const key = crypto.createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256',
		x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') } });
	const claims = verified(t, key, 'ES256');
	let text = null;
	if (ece && headers['content-encoding'] === 'aes128gcm')
		text = ece.decrypt(body, { version: 'aes128gcm', privateKey: browser, authSecret: auth.toString('base64url') }).toString();
	note({ gateway: 'web', name, claims, ours: point.equals(vapid.getPublicKey()), ttl: headers.ttl, urgency: headers.urgency,
		topic: headers.topic, size: body.length, text: text === null ? null : JSON.parse(text) });
	const n = nth(name);
	if (name === 'gone') return { status: 410, body: '' };
	if (name === 'lost') return { status: 404, body: '{"code":404,"errno":102,"error":"Not Found"}' };
	if (name === 'poison') return { status: 403, body: '{"reason":"BadJwtToken"}' };
	if (name === 'slow' && n === 1) return { status: 429, headers: { 'retry-after': '1' }, body: '' };
	if ((name === 'date' || name === 'later') && n === 1)
		return { status: 503, headers: { 'retry-after': new Date(Date.now() + 600000).toUTCString() }, body: '' };
	if (name === 'moved') return { status: 308, headers: { location: `https://127.0.0.1:${server.address().port}/wp/home` }, body: '' };
	if (name === 'away') return { status: 308, headers: { location: 'https://elsewhere.example.net/wp/x' }, body: '' };
	return { status: 201, headers: { location: `https://127.0.0.1/m/${name}` }, body: '' };
}

// Of twenty requests under way ten were begun, the GOAWAY says; then the connection ends without an answer to any.
function wave(session, id, name) {
	session.wave ??= [];
	session.wave.push({ id, name });
	if (session.wave.length < 20) return;
	session.wave.sort((a, b) => a.id - b.id);
	note({ gateway: 'goaway', begun: session.wave.slice(0, 10).map(w => w.name) });
	session.goaway(http2.constants.NGHTTP2_NO_ERROR, session.wave[9].id);
	setTimeout(() => session.destroy(), 200);
}

const tls = { key: fs.readFileSync(file('tls.key')), cert: fs.readFileSync(file('tls.crt')), settings: { maxConcurrentStreams: 100 } };
const server = http2.createSecureServer(tls);
const certified = http2.createSecureServer({ ...tls, ca: fs.readFileSync(file('client.crt')), requestCert: true, rejectUnauthorized: true });
const onSession = session => {
	session.open = 0;
	session.alone = true;
	session.proven = false;
	session.on('error', () => {});
};
const onStream = (stream, headers) => {
	const chunks = [], session = stream.session;
	stream.on('error', () => {});
	// Apple's rule: one stream until a token was good.
	if (++session.open > 1 && !session.proven) session.alone = false;
	stream.on('close', () => session.open--);
	stream.on('data', c => chunks.push(c));
	stream.on('end', () => {
		const body = Buffer.concat(chunks), path = headers[':path'];
		if (stream.aborted || session.destroyed || body.length < (headers['content-length'] ?? 0)) return; // the connection ended under it
		const a = path.startsWith('/3/device/') ? apns(headers, body, session) :
			path.startsWith('/v1/projects/') ? fcm(headers, body) :
			path === '/token' ? oauth(headers, body.toString()) : web(headers, body);
		if (a.hang) return;
		if (a.wave) return wave(session, stream.id, JSON.parse(body).message.token);
		if (a.goaway) return session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id - 2), session.destroy();
		if (a.refuse) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
		if (a.destroy) return session.destroy();
		if (a.status === 200) session.proven = true;
		a.late = (path.split('/')[3] ?? '').startsWith('late') || a.name?.startsWith('late');
		const answer = () => {
			if (stream.destroyed) return;
			stream.respond({ ':status': a.status, ...a.headers });
			stream.end(a.body);
		};
		if (a.late) setTimeout(answer, Math.random() * (process.env.LATE ?? 30));
		else answer();
	});
};
// Behind `old-port` is who has HTTP/1.1 alone, behind `proxy-port` a proxy; the latter says in `tunnels` where it was asked to go.
const old = https.createServer(tls, (request, response) => {
	const chunks = [];
	request.on('data', c => chunks.push(c));
	request.on('end', () => {
		const a = web({ ...request.headers, ':path': request.url }, Buffer.concat(chunks));
		response.writeHead(a.status, a.headers).end(a.body);
	});
});
old.listen(0, '127.0.0.1', () => fs.writeFileSync(file('old-port'), `${old.address().port}`));
const proxy = http.createServer().on('connect', (request, socket) => {
	const [host, port] = request.url.split(':');
	fs.appendFileSync(file('tunnels'), `${request.url}\n`);
	const to = net.connect(Number(port), host, () => {
		socket.write('HTTP/1.1 200 OK\r\n\r\n');
		to.pipe(socket).pipe(to);
	});
	to.on('error', () => socket.destroy());
	socket.on('error', () => to.destroy());
});
proxy.listen(0, '127.0.0.1', () => fs.writeFileSync(file('proxy-port'), `${proxy.address().port}`));
for (const s of [server, certified]) {
	s.on('session', onSession);
	s.on('stream', onStream);
}
certified.listen(0, '127.0.0.1', () => fs.writeFileSync(file('cert-port'), `${certified.address().port}`));
server.listen(0, '127.0.0.1', () => {
	const port = server.address().port;
	fs.writeFileSync(file('apns.p8'), apple.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
	fs.writeFileSync(file('vapid.key'), Buffer.from(vapid.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url'), { mode: 0o600 });
	fs.writeFileSync(file('firebase.json'), JSON.stringify({
		project_id: 'p1', private_key_id: 'k1', client_email: 'push@p1.example.com',
		private_key: google.privateKey.export({ type: 'pkcs8', format: 'pem' }), token_uri: `https://127.0.0.1:${port}/token`,
	}), { mode: 0o600 });
	fs.writeFileSync(file('browser.json'), JSON.stringify({ p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') }));
	fs.writeFileSync(file('port'), `${port}`);
});
