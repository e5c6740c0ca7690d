// SPDX-License-Identifier: MIT
// node requests.cjs CARRIER CASE-DIR...: what the carrier's own library asks for when it is told to send the message of each
// case: {case, method, url, scheme, body} a line.  Nothing leaves this process.
const fs = require('fs'), https = require('https'), path = require('path');
const { EventEmitter } = require('events');

const [carrier, ...cases] = process.argv.slice(2);
let current;

const show = (method, url, scheme, body) =>
	console.log(JSON.stringify({ case: current, method: method.toUpperCase(), url, scheme, body }));
const only = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined));
const digits = (number) => number.replace('+', '');
const adapter = async (c) => {
	const scheme = c.auth ? 'basic' : String(c.headers.Authorization).split(' ')[0].toLowerCase();
	show(c.method, c.url, scheme, JSON.parse(c.data));
	return { data: {}, status: 202, statusText: '', headers: {}, config: c };
};

const send = {
	async bandwidth(m, key) {
		const bw = require('bandwidth-sdk'), axios = require('axios');
		const settings = new bw.Configuration({ username: 'u', password: 'p' });
		const application = '0d3f6a52-9b1e-4c43-8a37-5e2b7c1f9d10', http = axios.create({ adapter });
		if (m.channel === 'rcs') {
			const content = { text: m.text };
			await new bw.MultiChannelApi(settings, undefined, http).createMultiChannelMessage('9900000', {
				to: m.to[0].address,
				channelList: [{ channel: 'RBM', from: m.from.address, applicationId: application, content }],
				tag: key,
			});
			return;
		}
		await new bw.MessagesApi(settings, undefined, http).createMessage('9900000', only({
			applicationId: application, to: m.to.map((to) => to.address), from: m.from.address, text: m.text,
			media: m.media && m.media.map((medium) => medium.url), tag: key,
			priority: m.category === 'otp' ? 'high' : undefined, expiration: m.expires_at,
		}));
	},

	async messagebird(m, key, ours) {
		https.request = (o) => {
			const r = new EventEmitter();
			let body = '';
			r.setTimeout = () => {};
			r.write = (text) => { body += text; };
			r.end = (last) => show(o.method, `https://${o.hostname}${o.path}`,
				o.headers.Authorization.split(' ')[0].toLowerCase(), JSON.parse(body + (last || '')));
			return r;
		};
		const library = require('messagebird'), client = (library.initClient || library)('live_key');
		const sms = { originator: digits(m.from.address), recipients: m.to && m.to.map((to) => digits(to.address)) };
		const reportUrl = ours.reportUrl; // the place is the user's
		if (ours.mediaUrls)
			client.mms.create({ ...sms, subject: 'Receipt', body: m.text, mediaUrls: m.media.map((x) => x.url), reference: key }, () => {});
		else if (ours.originator)
			client.messages.create({ ...sms, body: m.text, reference: key, datacoding: ours.datacoding, reportUrl }, () => {});
		else if (m.conversation)
			client.conversations.reply(m.conversation, { channelId: ours.channelId, type: 'text', content: { text: m.text },
				reportUrl, trackId: key, tag: 'human_agent' }, () => {});
		else
			client.conversations.send({ to: m.to[0].address, from: ours.from, type: m.media ? m.media[0].kind : 'text',
				content: m.media ? { image: { url: m.media[0].url, caption: m.text } } : { text: m.text },
				reportUrl, trackId: key }, () => {});
	},

	async livechat(m, key) {
		const Module = require('module'), at = require.resolve('@livechat/lc-sdk-js');
		const axios = Module.createRequire(at)('axios');
		(axios.default || axios).defaults.adapter = adapter;
		const { Agent } = require('@livechat/lc-sdk-js');
		const web = new Agent.Web('client', () => ({ accessToken: 'token', region: 'dal' }), {});
		const event = { type: 'message', custom_id: key, text: m.text, visibility: m.visibility || 'all' };
		if (m.event === 'typing')
			await web.sendTypingIndicator(m.conversation, true, 'all');
		else if (m.event === 'read')
			await web.markEventsAsSeen(m.conversation, m.at.replace('Z', '999Z'));
		else if (m.conversation)
			await web.sendEvent(m.conversation, event);
		else
			await web.startChat({ chat: { users: [{ id: m.to[0].address, type: 'customer' }], access: { group_ids: [3] },
				thread: { events: [event] } }, active: true, continuous: true });
	},
};

(async () => {
	for (const dir of cases) {
		const line = (file) => JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8').split('\n')[0]);
		const body = JSON.parse(line('want.ndjson').body);
		const event = body.event || (body.chat && body.chat.thread.events[0]) || {};
		current = path.basename(dir);
		await send[carrier](line('message.ndjson'), body.trackId || body.reference || body.tag || event.custom_id, body);
	}
})();
