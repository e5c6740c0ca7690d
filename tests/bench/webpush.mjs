// SPDX-License-Identifier: MIT
// Usage: node webpush.mjs keys | each N FILE | origin N FILE | open FILE BODY: with the packages web-push and http_ece (NODE_PATH).
//
// keys: a browser's, as JSON.  each: what web-push does for a message, N times: encryption and a signature; origin: encryption
// alone, with one signature.  Both read the text from standard input and print the last body.  open: decrypt BODY with FILE's keys.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [what, ...args] = process.argv.slice(2);
if (what === 'keys') {
	const browser = crypto.createECDH('prime256v1');
	browser.generateKeys();
	console.log(JSON.stringify({ private: browser.getPrivateKey('base64'), p256dh: browser.getPublicKey('base64url'),
		auth: crypto.randomBytes(16).toString('base64url') }));
} else if (what === 'open') {
	const keys = JSON.parse(fs.readFileSync(args[0]));
	const privateKey = crypto.createECDH('prime256v1');
	privateKey.setPrivateKey(Buffer.from(keys.private, 'base64'));
	process.stdout.write(require('http_ece').decrypt(Buffer.from(fs.readFileSync(args[1], 'utf8').trim(), 'base64url'),
		{ version: 'aes128gcm', privateKey, authSecret: keys.auth }));
} else {
	const webpush = require('web-push');
	const n = Number(args[0]), keys = JSON.parse(fs.readFileSync(args[1])), text = fs.readFileSync(0);
	const vapid = webpush.generateVAPIDKeys();
	const subscription = { endpoint: 'https://push.example.net/s/1', keys: { p256dh: keys.p256dh, auth: keys.auth } };
	const options = { vapidDetails: { subject: 'mailto:ops@example.com', publicKey: vapid.publicKey, privateKey: vapid.privateKey } };
	if (what === 'origin') options.vapidDetails = null;
	let last;
	for (let i = 0; i < n; i++) last = webpush.generateRequestDetails(subscription, text, options);
	console.log(last.body.toString('base64url'));
}
