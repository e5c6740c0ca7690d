// node validate.mjs CONFIG: the checks of omni-validate on webhooks of Twilio and WhatsApp, with the same `verified`.
import fs from 'node:fs';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { lines } from './lines.mjs';

const conf = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const twilio = conf.carriers.twilio;
const whatsapp = conf.carriers.whatsapp;
const authToken = createSecretKey(Buffer.from(twilio.auth_token));
const appSecret = createSecretKey(Buffer.from(whatsapp.app_secret));
const twilioVerified = `,"verified":${JSON.stringify({ scheme: 'twilio-hmac-sha1', account: twilio.account_sid })}}\n`;
const whatsappVerified = `,"verified":${JSON.stringify({ scheme: 'whatsapp-hmac-sha256', account: whatsapp.phone_number_id })}}\n`;

function decode(text) {
	if (text.includes('+')) text = text.replaceAll('+', ' ');
	return text.includes('%') ? decodeURIComponent(text) : text;
}

function fields(form) {
	const list = [];
	for (const pair of form.split('&')) {
		const at = pair.indexOf('=');
		if (at < 0) list.push([decode(pair), '']);
		else list.push([decode(pair.slice(0, at)), decode(pair.slice(at + 1))]);
	}
	return list;
}

function byName(a, b) {
	if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

function holds(hash, key, text, signature) {
	const digest = createHmac(hash, key).update(text).digest();
	return signature.length === digest.length && timingSafeEqual(digest, signature);
}

function checkTwilio(request) {
	const header = request.headers['x-twilio-signature'];
	if (!header) return 'signature-missing';
	const signature = Buffer.from(header, 'base64');
	if (header.length !== 28 || signature.length !== 20) return 'signature-malformed';
	const list = fields(request.body);
	if (list.find((f) => f[0] === 'AccountSid')?.[1] !== twilio.account_sid) return 'account-unknown';
	list.sort(byName);
	let text = request.url;
	for (let i = 0; i < list.length; i++) {
		if (i > 0 && byName(list[i - 1], list[i]) === 0) continue;
		text += list[i][0] + list[i][1];
	}
	return holds('sha1', authToken, text, signature) ? null : 'signature-mismatch';
}

function checkWhatsapp(request) {
	const header = request.headers['x-hub-signature-256'];
	if (!header) return 'signature-missing';
	const signature = Buffer.from(header.slice(7), 'hex');
	if (!header.startsWith('sha256=') || signature.length !== 32) return 'signature-malformed';
	return holds('sha256', appSecret, request.body, signature) ? null : 'signature-mismatch';
}

lines((line) => {
	const record = JSON.parse(line);
	if (record.kind !== 'webhook') return line + '\n';
	const forTwilio = record.carrier === 'twilio';
	const code = forTwilio ? checkTwilio(record.request) : checkWhatsapp(record.request);
	if (code !== null) return JSON.stringify({ kind: 'reject', class: 'denied', code, record }) + '\n';
	return line.slice(0, -1) + (forTwilio ? twilioVerified : whatsappVerified);
});
