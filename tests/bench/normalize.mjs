// node normalize.mjs: what omni-normalize makes of the kinds of webhooks in the corpus, and of no others.
import * as crypto from 'node:crypto';
import { lines } from './lines.mjs';

const namespace = Buffer.from('6f6d6e69000050008000000000000000', 'hex').toString('latin1');
const ranks = { accepted: 1, queued: 2, sending: 3, sent: 4, delivered: 5, read: 6, played: 7, failed: 8, undelivered: 8, canceled: 8 };
const twilioErrors = { 30007: ['permanent', 'filtered by the carrier'] };
const whatsappErrors = { 131047: 'permanent' };
// One call instead of three objects, where Node.js has it (20.12).
const sha1 = crypto.hash
	? (bytes) => crypto.hash('sha1', bytes, 'hex')
	: (bytes) => crypto.createHash('sha1').update(bytes).digest('hex');

function derive(name) {
	const hex = sha1(Buffer.from(namespace + (/[^\0-\x7f]/.test(name) ? Buffer.from(name).toString('latin1') : name), 'latin1'));
	const variant = ((parseInt(hex[16], 16) & 3) | 8).toString(16);
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function phone(text) {
	return /^[1-9][0-9]{6,14}$/.test(text) ? '+' + text : text;
}

function decode(text) {
	if (text.includes('+')) text = text.replaceAll('+', ' ');
	return text.includes('%') ? decodeURIComponent(text) : text;
}

function filled(object) {
	for (const _ in object) return object;
	return undefined;
}

// JSON.stringify leaves out what is undefined, so absent members cost nothing.
function record(hook, m) {
	const ids = [hook.carrier, m.account, m.external_id];
	if (m.kind === 'status') ids.push('status', m.status, m.recipient);
	const ours = m.direction === 'out' ? m.from.address : m.to[0].address;
	const other = m.direction === 'out' ? m.to[0].address : m.from.address;
	return JSON.stringify({
		id: derive(ids.join('/')), kind: m.kind, at: m.at ?? hook.at, direction: m.direction, carrier: hook.carrier,
		account: m.account, channel: m.channel, external_id: m.external_id,
		conversation: derive(`${m.channel}/${ours}/${other}`), from: m.from, to: m.to,
		status: m.status, rank: ranks[m.status], error: m.error, recipient: m.recipient,
		type: m.type, text: m.text, media: m.media, location: m.location, reply: m.reply, reaction: m.reaction,
		reply_to: m.reply_to, context: m.context, carrier_data: m.carrier_data, trace: hook.trace,
	}) + '\n';
}

// ---- Twilio ----

// The parameters that have a place in a record; all others go into carrier_data.
const known = new Set(['AccountSid', 'Address', 'Body', 'ButtonPayload', 'ButtonText', 'ErrorCode', 'Forwarded', 'FrequentlyForwarded',
	'From', 'Label', 'Latitude', 'ListId', 'ListTitle', 'Longitude', 'MediaContentType0', 'MediaContentType1', 'MediaUrl0', 'MediaUrl1',
	'MessageSid', 'MessageStatus', 'MessageType', 'NumMedia', 'OptOutType', 'OriginalRepliedMessageSid', 'ProfileName',
	'ReferralNumMedia', 'SmsMessageSid', 'SmsSid', 'SmsStatus', 'To']);
const keywords = { STOP: 'opt-out', START: 'opt-in', HELP: 'help' };

function params(body, data) {
	const p = {};
	for (const pair of body.split('&')) {
		const at = pair.indexOf('=');
		if (at === pair.length - 1) continue; // empty is the same as not there
		const name = pair.slice(0, at);
		(known.has(name) ? p : data)[name] = decode(pair.slice(at + 1));
	}
	return p;
}

function twilioMedia(p, channel) {
	const media = [];
	for (let i = 0; p['MediaUrl' + i]; i++) {
		const mime = p['MediaContentType' + i];
		const family = mime.slice(0, mime.indexOf('/'));
		const kind = channel === 'whatsapp' && mime.startsWith('audio/ogg') ? 'voice'
			: family === 'image' || family === 'video' || family === 'audio' ? family : 'document';
		media.push({ url: p['MediaUrl' + i], mime, kind });
	}
	return media.length > 0 ? media : undefined;
}

function twilioReply(p) {
	if (p.ButtonPayload || p.ButtonText) return { kind: 'button', id: p.ButtonPayload, title: p.ButtonText };
	if (p.ListId || p.ListTitle) return { kind: 'list', id: p.ListId, title: p.ListTitle };
	return undefined;
}

function twilioContext(p) {
	const context = {};
	if (p.Forwarded === 'true') context.forwarded = true;
	if (p.FrequentlyForwarded === 'true') context.frequently_forwarded = true;
	if (p.OptOutType) context.keyword = keywords[p.OptOutType.toUpperCase()];
	return filled(context);
}

function twilioMessage(p, m) {
	m.kind = 'message';
	m.direction = 'in';
	m.channel ??= p.NumMedia > 0 ? 'mms' : 'sms';
	m.from.name = p.ProfileName;
	m.reply_to = p.OriginalRepliedMessageSid;
	m.media = twilioMedia(p, m.channel);
	m.reply = twilioReply(p);
	if (!m.reply && p.Latitude)
		m.location = { latitude: Number(p.Latitude), longitude: Number(p.Longitude), name: p.Label, address: p.Address };
	m.type = m.reply ? 'reply' : m.location ? 'location' : m.media ? 'media' : 'text';
	m.text = p.Body ?? (m.type === 'text' ? '' : m.reply?.title);
	m.context = twilioContext(p);
}

function twilioStatus(p, m) {
	m.kind = 'status';
	m.direction = 'out';
	m.channel ??= m.external_id.startsWith('MM') ? 'mms' : 'sms';
	m.recipient = m.to[0].address;
	m.status = p.MessageStatus;
	if (p.ErrorCode) {
		const error = twilioErrors[p.ErrorCode] ?? ['permanent'];
		m.error = { class: error[0], text: error[1], carrier_code: p.ErrorCode };
	}
}

function twilio(hook) {
	const data = {};
	const p = params(hook.request.body, data);
	const m = { account: p.AccountSid, external_id: p.MessageSid, from: { address: p.From }, to: [{ address: p.To }] };
	if (p.From.startsWith('whatsapp:')) {
		m.channel = 'whatsapp';
		m.from.address = phone(p.From.slice(9));
		m.to[0].address = phone(p.To.slice(9));
	}
	if (p.MessageStatus) twilioStatus(p, m);
	else twilioMessage(p, m);
	m.carrier_data = filled(data);
	return record(hook, m);
}

// ---- WhatsApp ----

function time(seconds) {
	return new Date(seconds * 1000).toISOString();
}

function whatsappMedia(m, content, kind, data, type) {
	const { id, mime_type: mime, filename: name, caption, voice, sha256, ...rest } = content;
	m.type = 'media';
	m.text = caption;
	m.media = [{ external_id: id, mime, kind: voice ? 'voice' : kind, name, caption, sha256: Buffer.from(sha256, 'base64').toString('hex') }];
	if (filled(rest)) data[type] = rest;
}

function whatsappInteractive(m, content, data) {
	const { id, title, ...rest } = content[content.type];
	m.type = 'reply';
	m.text = title;
	m.reply = { kind: content.type === 'button_reply' ? 'button' : 'list', id, title };
	if (filled(rest)) data[content.type] = rest;
}

function whatsappContent(m, type, content, data) {
	switch (type) {
	case 'text':
		m.type = 'text';
		m.text = content.body;
		break;
	case 'interactive':
		whatsappInteractive(m, content, data);
		break;
	case 'location':
		m.type = 'location';
		m.location = content;
		break;
	case 'reaction':
		m.type = 'reaction';
		m.reaction = { emoji: content.emoji, message: content.message_id };
		break;
	default:
		whatsappMedia(m, content, type, data, type);
	}
}

function whatsappMessage(hook, ours, contacts, message) {
	const { id, from, timestamp, context, type, [type]: content, ...data } = message;
	const contact = contacts?.find((c) => c.wa_id === from);
	const m = {
		kind: 'message', direction: 'in', channel: 'whatsapp', account: ours.id, external_id: id, at: time(timestamp),
		from: { address: phone(from), name: contact?.profile?.name }, to: [{ address: ours.number }],
	};
	if (context) {
		m.reply_to = context.id;
		if (phone(context.from) !== ours.number) m.context = { from: phone(context.from) };
	}
	whatsappContent(m, type, content, data);
	m.carrier_data = filled(data);
	return record(hook, m);
}

function whatsappStatus(hook, ours, s) {
	const { id, status, timestamp, recipient_id: user, errors, ...data } = s;
	const recipient = phone(user);
	const m = {
		kind: 'status', direction: 'out', channel: 'whatsapp', account: ours.id, external_id: id, at: time(timestamp), status,
		from: { address: ours.number }, to: [{ address: recipient }], recipient,
	};
	if (errors) {
		const { code, title, error_data: more } = errors[0];
		const text = more?.details && more.details !== title ? `${title}: ${more.details}` : title;
		m.error = { class: whatsappErrors[code] ?? 'unknown', text, carrier_code: String(code) };
	}
	m.carrier_data = filled(data);
	return record(hook, m);
}

function whatsapp(hook) {
	let out = '';
	for (const entry of JSON.parse(hook.request.body).entry) {
		for (const { value } of entry.changes) {
			const ours = { id: value.metadata.phone_number_id, number: phone(value.metadata.display_phone_number) };
			for (const m of value.messages ?? []) out += whatsappMessage(hook, ours, value.contacts, m);
			for (const s of value.statuses ?? []) out += whatsappStatus(hook, ours, s);
		}
	}
	return out;
}

lines((line) => {
	const hook = JSON.parse(line);
	if (hook.kind !== 'webhook') return line + '\n';
	if (!hook.verified?.scheme) return JSON.stringify({ kind: 'reject', class: 'denied', code: 'not-verified', record: hook }) + '\n';
	return hook.carrier === 'twilio' ? twilio(hook) : whatsapp(hook);
});
