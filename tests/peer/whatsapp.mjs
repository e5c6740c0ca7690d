// SPDX-License-Identifier: MIT
// whatsapp.mjs CASES: have the npm package whatsapp-api-js make the message of each case of ours below, written by hand with its
// own classes, and compare what it would send with what we do: method, URL, headers and the JSON, member by member.
import fs from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";

const library = path.join(process.env.NODE_PATH, "whatsapp-api-js/lib");
const { WhatsAppAPI } = await import(path.join(library, "index.js"));
const m = await import(path.join(library, "messages/index.js"));
const [cases] = process.argv.slice(2);

const cdn = "https://cdn.example.org/a/";
const offer = (action, header, footer) => new m.Interactive(action, new m.Body("Did that help?"), header, footer);
const text = (words) => new m.BodyParameter(words);

// The case, which of its requests, the message, and what it answers.
const messages = [
	["text", 0, new m.Text("Hello")],
	["text-unicode", 0, new m.Text("Zo\u00eb said \"hi\" \\ \u{1f44b}\n\tline two\0 \u20ac")],
	["text-preview", 0, new m.Text("See https://example.com/a?b=c", true)],
	["text-reply", 0, new m.Text("Yes"), "wamid.AAA1"],
	["text-to-user-id", 0, new m.Text("Hi")],
	["text-to-group", 0, new m.Text("Hi all")],
	["image-link", 0, new m.Image(cdn + "dam.jpg", false, "The dam")],
	["image-id", 0, new m.Image("300000000000003", true, "Known to WhatsApp")],
	["video", 0, new m.Video(cdn + "dam.mp4")],
	["audio", 0, new m.Audio(cdn + "song.mp3")],
	["voice", 0, new m.Audio(cdn + "note.ogg", false, true)],
	["document", 0, new m.Document(cdn + "inv.pdf", false, "Your invoice", "invoice.pdf")],
	["sticker", 0, new m.Sticker(cdn + "wave.webp")],
	["location", 0, new m.Location(4.8952, 52.3702, "Palace", "Dam 1")],
	["contacts", 0, new m.Contacts(
		[new m.Name("Bo T Smith", "Bo", "T Smith"), new m.Phone("+442079460123"), new m.Email("bo@example.com"),
			new m.Organization("Example Ltd")],
		[new m.Name("Ana", "Ana"), new m.Phone("+15550123"), new m.Phone("+15550124")])],
	["reaction", 0, new m.Reaction("wamid.AAA1", "\u{1f44d}")],
	["reaction", 1, new m.Reaction("wamid.AAA1", "")],
	["buttons", 0, offer(new m.ActionButtons(new m.Button("pb_yes", "Yes"), new m.Button("No", "No")),
		new m.Header("Order 4711"), new m.Footer("Example Ltd"))],
	["buttons-above-picture", 0, offer(new m.ActionButtons(new m.Button("a", "A")), new m.Header(new m.Image(cdn + "dam.jpg")))],
	["list", 0, offer(new m.ActionList("Choose", new m.ListSection("Days", new m.Row("mon", "Monday", "8 to 12"),
		new m.Row("tue", "Tuesday"))), new m.Header("Delivery"))],
	["url-button", 0, offer(new m.ActionCTA("Open", "https://example.com/o/4711"))],
	["location-request", 0, new m.Interactive(new m.ActionLocation(), new m.Body("Where are you?"))],
	["template", 0, new m.Template("order_ready", "en_US")],
	["template-by-name", 0, new m.Template("welcome", "en",
		new m.BodyComponent(new m.BodyParameter("Ana", "name"), new m.BodyParameter("Monday", "day")))],
	["template-in-order", 0, new m.Template("order_ready", "pt_BR", new m.BodyComponent(text("4711"), text("12.5"),
		new m.BodyParameter(new m.Currency(1000, "USD", "$1")))), "wamid.AAA1"],
	["template-picture", 0, new m.Template("order_media", "en",
		new m.HeaderComponent(new m.HeaderParameter(new m.Image(cdn + "h.jpg"))), new m.BodyComponent(text("Ana")))],
	["template-components", 0, new m.Template("order_media", "en",
		new m.HeaderComponent(new m.HeaderParameter(new m.Document(cdn + "h.pdf", false, undefined, "invoice.pdf"))),
		new m.BodyComponent(text("Ana"), new m.BodyParameter(new m.DateTime("Today"))),
		new m.PayloadComponent("yes"), new m.URLComponent("4711"), new m.CopyComponent("SAVE10"))],
];

let seen;
const api = new WhatsAppAPI({
	token: "token", secure: false, v: "v23.0",
	ponyfill: { fetch: async (url, options) => {
		seen = { url, method: options.method ?? "GET", headers: options.headers, body: JSON.parse(options.body) };
		return { ok: true, json: async () => ({ messages: [{ id: "wamid.1" }] }) };
	} },
});

// A policy of the language that is the only one there is, and a flow's button, which it has no class for, are not compared;
// an index may be a number or its text.  It writes cards as JSON inside a string, where Meta's OpenAPI has an array.
function plain(body) {
	if (typeof body.contacts === "string")
		body.contacts = JSON.parse(body.contacts);
	const t = body.template;
	if (t) {
		delete t.language.policy;
		t.components = t.components?.filter((c) => c.sub_type !== "flow").map((c) =>
			c.index === undefined ? c : { ...c, index: String(c.index) });
		if (!t.components?.length)
			delete t.components;
	}
	return body;
}

let bad = 0;
function compare(name, ours) {
	const have = { url: ours.url, method: ours.method, type: ours.headers["content-type"], how: ours.auth.how, body: plain(JSON.parse(ours.body)) };
	const want = { url: seen.url, method: seen.method, type: seen.headers["Content-Type"],
		how: seen.headers.Authorization === "Bearer token" ? "bearer" : "?", body: plain(seen.body) };
	if (!isDeepStrictEqual(have, want)) {
		bad++;
		console.log(`${name}\nours:   ${JSON.stringify(have)}\ntheirs: ${JSON.stringify(want)}`);
	}
}

const request = (name, i) => JSON.parse(fs.readFileSync(path.join(cases, `send-${name}`, "want.ndjson"), "utf8").split("\n")[i]);
for (const [name, i, message, context] of messages) {
	const ours = request(name, i), body = JSON.parse(ours.body);
	const to = body.recipient_type === "group" ? { group: body.to } : body.recipient ? { bsuid: body.recipient } : { phone: body.to };
	await api.sendMessage("200000000000002", to, message, context, body.biz_opaque_callback_data);
	compare(name, ours);
}
for (const [name, indicator] of [["read"], ["typing", "text"]]) {
	await api.markAsRead("200000000000002", "wamid.AAA1", indicator);
	compare(name, request(name, 0));
}
console.log(`${messages.length + 2} compared, ${bad} differ`);
process.exitCode = bad ? 1 : 0;
