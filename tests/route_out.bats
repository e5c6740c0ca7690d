#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-route, outbound: by whom messages are sent, in which order, and what may not go.

load helper

# conf(members): a configuration with two carriers for short messages, WhatsApp and a chat, and these members besides.
conf() {
	cat >omni.json <<-END
		{ "carriers": {
			"twilio": { "name": "acme", "auth_token": "env:T" },
			"bandwidth": { "name": "main", "account_id": "9900000", "api_token": "env:T", "api_secret": "env:S" },
			"whatsapp": { "name": "shop", "access_token": "env:T", "phone_number_id": "200000000000002" },
			"livechat": { "name": "web", "access_token": "env:T", "account_id": "c7c0" } },
		  "numbers": [ { "number": "+15550100", "carrier": "twilio" }, { "number": "+15550142", "carrier": "bandwidth" } ]
		  ${1:+,} ${1-} }
	END
}

# message(members): a text to somebody in New York, with these members in place of its own.
message() {
	jq -cn '{id:"0198c0de-0000-7000-8000-000000000009",kind:"message",at:"2026-01-14T15:00:00.000Z",direction:"out",
		channel:"sms",to:[{address:"+12125550123"}],type:"text",text:"It left this morning."} + {'"${1-}"'}'
}

# route(code, members...): a message with the members through omni-route; the rest are options.
route() {
	local code=$1 members=$2
	shift 2
	message "$members" | want "$code" env OMNI_CLOCK="${now:-2026-01-14T15:00:00Z}" omni-route -c omni.json "$@"
}

# sends(way): the carrier, and those behind it.
sends() {
	[ "$(get '[.route.carrier, .route.fallback[].carrier] | join(" ")')" = "$1" ] || { cat out; false; }
}

# refused(class, code): that is what became of it.
refused() {
	[ "$(get '[.kind, .class, .code] | join(" ")')" = "reject $1 $2" ] || { cat out; false; }
}

# lost(carrier): why.
lost() {
	get '(.route.losers // .report.losers)[] | select(.carrier == "'"$1"'") | .code'
}

# broken(members, text): the configuration is an error that says the text.
broken() {
	conf "$1"
	want 78 omni-route -c omni.json </dev/null
	says "$2"
}

@test "without policies whoever can sends, in the order of the file; what the message left open is filled" {
	conf
	route 0 ''
	is out '{"id":"0198c0de-0000-7000-8000-000000000009","kind":"message","at":"2026-01-14T15:00:00.000Z","direction":"out","channel":"sms","to":[{"address":"+12125550123"}],"type":"text","text":"It left this morning.","carrier":"bandwidth","account":"main","from":{"address":"+15550142"},"conversation":"f7c07543-8b4b-5ed8-b3be-aabf95ae87d6","route":{"policy":"default","carrier":"bandwidth","account":"main","from":"+15550142","fallback":[{"carrier":"twilio","account":"acme","from":"+15550100"}],"segments":1,"encoding":"gsm7","open":["carrier","account","from","conversation"]}}'
	[ ! -s err ]
}

@test "the conversation is the one that the answer will join" {
	conf
	route 0 '' && get .conversation >ours
	echo 'From=%2B12125550123&To=%2B15550142&Body=Hi&MessageSid=SM1' |
		omni-recv --from --body -C twilio | omni-normalize --unverified | jq -r .conversation | diff - ours
}

@test "every route, and every reject, is as the models have them" {
	conf '"prices":{"carrier":"twilio","channel":"sms","per":"segment","price":7900,"currency":"USD"}'
	{ message; message 'channel:"whatsapp"'; message 'channel:"chat",to:[{address:"c1"}]'; message 'text:"\u2013"'; message 'channel:"fax"'; } |
		want 1 omni-route -c omni.json --explain
	[ "$(get .kind | sort | uniq -c | tr -s ' ' | tr '\n' ' ')" = ' 4 message  1 reject ' ]
	grep -v '"reject"' out | want 0 omni-validate --no-verify --schema message
	want 1 omni-route -c omni.json <<<"$(message 'channel:"fax"')"
	want 0 omni-validate --no-verify --schema reject out
}

@test "the same bytes again change nothing: what was filled is open again" {
	conf '"policies":{"name":"p","candidates":[{"carrier":"twilio"}]}'
	route 0 '' && cp out first
	conf '"policies":{"name":"p","candidates":[{"carrier":"bandwidth"}]}'
	want 0 omni-route -c omni.json first
	sends bandwidth
	conf '"policies":{"name":"p","candidates":[{"carrier":"twilio"}]}'
	cp out second
	want 0 omni-route -c omni.json second
	cmp out first
	# Another sender, another conversation; that of the message itself stays.
	[ "$(jq -r .conversation first)" != "$(jq -r .conversation second)" ]
	route 0 'conversation:"mine"' && cp out first
	want 0 omni-route -c omni.json first
	cmp out first
	[ "$(get .conversation)" = mine ]
}

@test "what a carrier has sent already passes as it is, and so does all without accounts" {
	conf
	message 'external_id:"SM1",carrier:"twilio"' >in
	message 'kind:"event",event:"typing",id:"324db4d8-fd97-51c4-baa9-7ac68f1e53ef"' | jq -c 'del(.type)' >>in
	want 0 omni-route -c omni.json in
	head -n 1 out | cmp - <(head -n 1 in)
	[ "$(tail -n 1 out | jq -c .route.rule)" = null ]
	echo '{}' >omni.json
	message >in
	want 0 omni-route -c omni.json in
	cmp in out
}

@test "an event that is to be sent gets a route" {
	conf
	message 'kind:"event",event:"typing",channel:"whatsapp",carrier:"whatsapp"' | jq -c 'del(.type, .text)' | want 0 omni-route -c omni.json
	[ "$(get '[.route.carrier, .route.account, .route.from] | join(" ")')" = 'whatsapp shop ' ]
}

@test "candidates are who has the channel, the type, and room for it; --explain says of each other why not" {
	conf '"deliver":{"long_text":"refuse"}'
	route 0 'channel:"chat",to:[{address:"x"}]' && sends livechat
	route 0 'channel:"mms",type:"media",media:[{url:"http://a",mime:"image/png",size:3000000}]' --explain && sends 'bandwidth twilio'
	route 0 'channel:"mms",type:"media",media:[{url:"http://a",mime:"image/png",size:4000000}]' --explain
	sends twilio
	[ "$(lost bandwidth)" = media-size ] && [ "$(lost whatsapp)" = channel ]
	route 1 'channel:"whatsapp",type:"media",media:[{url:"http://a",mime:"image/gif"}]' --explain
	refused denied no-candidate
	[ "$(lost whatsapp)" = media-type ]
	route 1 'channel:"whatsapp",type:"media",media:[{url:"http://a"},{url:"http://b"}]' --explain
	[ "$(lost whatsapp)" = media-count ]
	route 0 'text:("a" * 1601)' --explain
	sends bandwidth && [ "$(lost twilio)" = text-too-long ]
	route 1 'type:"contacts",contacts:[{}]' && refused denied no-candidate
	route 1 'type:"order"' && refused data unsupported-type
}

@test "a message that names carrier, account or sender goes that way and no other" {
	conf
	route 0 'carrier:"twilio"' && sends twilio && [ "$(get '.route.open | join(" ")')" = 'account from conversation' ]
	route 0 'from:{address:"+15550100"}' && sends twilio
	route 1 'from:{address:"+15550199"}' --explain && refused denied no-candidate && [ "$(lost twilio)" = from ]
	says_not() {
		[ "$(get '.detail | split("; ")[1]')" = "the message asks for the $1, which none of them has: configure it, or leave it out" ]
	}
	says_not 'sender "+15550199"'
	route 1 'carrier:"telegram"' && refused denied no-candidate && says_not 'carrier "telegram"'
	route 1 'carrier:"twilio",account:"other"' && says_not 'account "other"'
	route 1 'carrier:"twilio",channel:"chat"' && [ "$(get .detail | grep -c asks)" = 0 ]
	route 1 'account:"other"' --explain && [ "$(lost twilio)" = account ] && [ "$(lost bandwidth)" = account ]
}

@test "the longest prefix says where an account sends" {
	conf '"capabilities":[{"carrier":"bandwidth","prefixes":["1","!1876"]},{"carrier":"twilio","prefixes":["!44","447"]}]'
	route 0 '' && sends 'bandwidth'
	route 1 'to:[{address:"+18765550123"}]' --explain && [ "$(lost bandwidth)$(lost twilio)" = prefixprefix ]
	route 0 'to:[{address:"+447700900000"}]' && sends twilio
	conf '"capabilities":[{"carrier":"bandwidth","prefixes":["!44"]},{"carrier":"twilio","channels":["mms"]}]'
	route 0 'to:[{address:"+351912345678"}]' --explain && sends bandwidth && [ "$(lost twilio)" = channel ]
}

@test "a short code is heard in its country, a name not in North America" {
	conf '"policies":{"name":"p","candidates":[{"carrier":"twilio","from":"12345"},{"carrier":"twilio","from":"ACME"}]}'
	jq -c '.numbers += [{number:"12345",carrier:"twilio",country:"US"},{number:"ACME",carrier:"twilio"}]' omni.json >x && mv x omni.json
	route 0 '' --explain && [ "$(get .route.from)" = 12345 ] && [ "$(lost twilio)" = sender ]
	route 0 'to:[{address:"+351912345678"}]' && [ "$(get .route.from)" = ACME ]
}

@test "the first policy whose condition holds chooses" {
	conf '"policies":[{"name":"otp","when":{"eq":{"category":"otp"}},"candidates":[{"carrier":"twilio"}]},
		{"name":"rest","when":{"prefix":{"/to/0/address":"+1"}},"failover":false}]'
	route 0 'category:"otp"' && [ "$(get .route.policy)" = otp ] && sends twilio
	route 0 '' && [ "$(get .route.policy)" = rest ] && sends bandwidth
	route 1 'to:[{address:"+351912345678"}]' && refused denied no-policy
}

@test "priority: smaller ones first, then the order of the file" {
	conf '"policies":{"name":"p","order":["priority"],"candidates":[{"carrier":"bandwidth","priority":2},{"carrier":"twilio","priority":1}]}'
	route 0 '' && sends 'twilio bandwidth'
}

@test "weight: shares as asked for, the same record always the same, 0 only where there is nobody else" {
	conf '"policies":{"name":"p","order":["weight"],"candidates":[{"carrier":"bandwidth","weight":1},{"carrier":"twilio","weight":3}]}'
	for i in {1..2000}; do printf '{"id":"r%d","kind":"message","direction":"out","channel":"sms","type":"text","text":"x","to":[{"address":"+12125550123"}]}\n' "$i"; done >in
	want 0 omni-route -c omni.json in
	n=$(get .route.carrier | grep -c twilio)
	[ "$n" -gt 1400 ] && [ "$n" -lt 1600 ]
	cp out first
	omni-route -c omni.json -j 3 in | cmp - first
	jq -c '.policies.candidates[0].weight = 0' omni.json >x && mv x omni.json
	want 0 omni-route -c omni.json in
	[ "$(get .route.carrier | sort -u)" = twilio ]
	sends "$(yes 'twilio bandwidth' | head -n 2000)"
}

@test "cheapest: the longest prefix, times the segments, the day and the kind it is for; who has no price is last" {
	conf '"policies":{"name":"p","order":["cheapest"]},"prices":[
		{"carrier":"twilio","channel":"sms","per":"segment","price":7900,"currency":"USD"},
		{"carrier":"twilio","channel":"sms","prefix":"1","per":"segment","price":3000,"currency":"USD"},
		{"carrier":"twilio","channel":"sms","prefix":"1","per":"segment","price":2000,"currency":"USD","from":"2026-02-01"},
		{"carrier":"twilio","channel":"sms","prefix":"1","category":"otp","per":"segment","price":9000,"currency":"USD"},
		{"carrier":"bandwidth","account":"main","channel":"sms","prefix":"1","per":"message","price":5000,"currency":"USD"}]'
	route 0 '' && sends 'twilio bandwidth' && [ "$(get .route.cost.amount)" = 3000 ]
	route 0 'text:("a" * 161)' && sends 'bandwidth twilio' && [ "$(get '[.route.cost.amount, .route.segments] | join(" ")')" = '5000 2' ]
	route 0 'category:"otp"' --explain && sends 'bandwidth twilio'
	[ "$(get '.route.losers[] | select(.carrier == "twilio") | [.code, .by, .cost] | join(" ")')" = 'outranked cheapest 9000' ]
	now=2026-02-01T15:00:00Z route 0 'text:("a" * 161)' && sends 'twilio bandwidth' && [ "$(get .route.cost.amount)" = 4000 ]
	route 0 'to:[{address:"+351912345678"}]' && sends 'twilio bandwidth' && [ "$(get .route.cost.amount)" = 7900 ]
	route 0 'to:[{address:"+12125550123"},{address:"+351912345678"}]' && [ "$(get .route.cost.amount)" = 10900 ]
}

@test "prices come from a list too, as CSV or as JSON, and are compared across currencies" {
	printf 'carrier,channel,prefix,per,price,currency,note\r\ntwilio,sms,1,segment,5000,EUR,"a ""b"", c"\r\n\r\nbandwidth,sms,"1",segment,5200,USD\r\n' >prices.csv
	conf '"price_list":"prices.csv","exchange":{"EUR":1.08,"USD":1},"policies":{"name":"p","order":["cheapest"]}'
	route 0 '' && sends 'bandwidth twilio' && [ "$(get '.route.cost | [.amount, .currency] | join(" ")')" = '5200 USD' ]
	printf '%s\n' '{"carrier":"twilio","channel":"sms","per":"segment","price":1,"currency":"USD"}' >prices
	conf '"price_list":"prices","policies":{"name":"p","order":["cheapest"]}'
	route 0 '' && sends 'twilio bandwidth'
	sed -i 's/5200/5.2/' prices.csv
	broken '"price_list":"prices.csv"' 'prices.csv: line 4: "price" must be a whole number of millionths'
	sed -i 's/5.2/5200/' prices.csv
	broken '"price_list":"prices.csv","policies":{"name":"p","order":["cheapest"]}' '/exchange: to compare prices it must say what EUR is worth'
	broken '"price_list":"none.csv"' none.csv
}

@test "health: who does badly comes behind, until that is too old to count" {
	printf '%s\n' '{"carrier":"bandwidth","account":"main","at":"2026-01-14T14:59:00.000Z","success":0.4,"latency":80}' \
		'{"carrier":"twilio","account":"acme","at":"2026-01-14T14:59:00.000Z","success":0.99,"latency":900}' >health
	conf '"health":"health","policies":{"name":"p","order":["health"]}'
	route 0 '' --explain && sends 'twilio bandwidth'
	[ "$(get '.route.losers[] | select(.carrier == "bandwidth") | [.by, .health] | join(" ")')" = 'health 48' ]
	now=2026-01-14T15:30:00Z route 0 '' && sends 'bandwidth twilio'
	rm health
	route 0 '' && sends 'bandwidth twilio'
}

@test "health is read again when the file is replaced" {
	plain
	conf '"health":"health","policies":{"name":"p","order":["health"]}'
	mkfifo in
	OMNI_CLOCK='2026-01-14T15:00:00Z x1000' omni-route -c omni.json <in >out 3>&- &
	exec 4>in
	message >&4
	until_true test -s out
	sends 'bandwidth twilio'
	printf '{"carrier":"bandwidth","at":"2026-01-14T15:00:00.000Z","success":0.1,"latency":80}\n' >new
	mv new health
	sleep 0.05
	message >&4
	exec 4>&-
	wait $!
	[ "$(tail -n 1 out | jq -r .route.carrier)" = twilio ]
}

# inbound(members): a message from somebody in New York.
inbound() {
	jq -cn '{id:"324db4d8-fd97-51c4-baa9-7ac68f1e53ef",kind:"message",at:"2026-01-14T09:00:00.000Z",direction:"in",carrier:"twilio",
		account:"acme",channel:"sms",external_id:"SM1",conversation:"c1",from:{address:"+12125550123"},to:[{address:"+15550100"}],
		type:"text",text:"Hi"} + {'"${1-}"'}'
}

@test "sticky: the number by which the recipient knows us" {
	conf '"policies":{"name":"p","order":["sticky"]}'
	inbound | omni-store put -f s >/dev/null
	route 0 '' --store s --explain
	sends 'twilio bandwidth'
	[ "$(get '.route.sticky | [.from, .last_at] | join(" ")')" = '+15550100 2026-01-14T09:00:00.000Z' ]
	[ "$(get '.route.losers[] | select(.carrier == "bandwidth") | .by')" = sticky ]
	# A later one with the other.
	inbound 'id:"324db4d8-fd97-51c4-baa9-7ac68f1e53ee",direction:"out",at:"2026-01-14T10:00:00.000Z",carrier:"bandwidth",account:"main",
		conversation:"c2",from:{address:"+15550142"},to:[{address:"+12125550123"}]' | omni-store put -f s >/dev/null
	route 0 '' --store s && sends 'bandwidth twilio'
	route 0 'to:[{address:"+12125550199"}]' --store s && sends 'bandwidth twilio'
}

@test "a pool gives each person the same number, that of their country or that which they know first" {
	conf '"pools":{"name":"us","numbers":["+15550100","+15550101","+351210000000"],"select":"country"},
		"policies":{"name":"p","candidates":[{"carrier":"twilio","from":"us"}]}'
	jq -c '.numbers += [{number:"+15550101",carrier:"twilio",country:"US"},{number:"+351210000000",carrier:"twilio",country:"PT"}]
		| .numbers[0].country = "US"' omni.json >x && mv x omni.json
	for i in {10..59}; do message 'to:[{address:"+121255501'$i'"}]'; done | want 0 omni-route -c omni.json
	[ "$(get .route.from | sort | uniq -c | wc -l)" -eq 2 ]
	get .route.from >first
	for i in {10..59}; do message 'to:[{address:"+121255501'$i'"}],id:"another"'; done | want 0 omni-route -c omni.json
	get .route.from | diff first -
	route 0 'to:[{address:"+351912345678"}]' && [ "$(get .route.from)" = +351210000000 ]
	for number in +15550100 +15550101; do
		rm -f s
		inbound "to:[{address:\"$number\"}]" | omni-store put -f s >/dev/null
		route 0 '' --store s && [ "$(get .route.from)" = $number ]
	done
}

@test "segments: as the encoding says, composed first, and smart where that saves UCS-2" {
	conf
	route 0 'text:("a" * 161)' && [ "$(get '.route | [.segments, .encoding] | join(" ")')" = '2 gsm7' ]
	route 0 'text:("\u044f" * 71)' && [ "$(get '.route | [.segments, .encoding] | join(" ")')" = '2 ucs2' ]
	route 0 'text:"cafe\u0301"' && [ "$(get '.route | [.segments, .encoding, .text] | join(" ")')" = '1 gsm7 café' ]
	route 0 'text:"it\u2019s"' --explain && [ "$(get '.route | [.encoding, .text, (.plan.stranger == "\u2019")] | map(tostring) | join(" ")')" = 'ucs2 null true' ]
	conf '"policies":{"name":"p","smart_encoding":true}'
	route 0 'text:"it\u2019s"' && [ "$(get '.route | [.encoding, .text] | join(" ")')" = "gsm7 it's" ]
	route 0 'text:"it\u2019s \u044f"' && [ "$(get '.route | [.encoding, .text] | join(" ")')" = 'ucs2 ' ]
	route 0 'channel:"chat",to:[{address:"x"}]' && [ "$(get .route.segments)" = null ]
}

@test "what is sent is the text of the route" {
	conf '"policies":{"name":"p","smart_encoding":true,"candidates":[{"carrier":"bandwidth"}]}'
	jq -c '.carriers.bandwidth.application_id = "93de2206-9669-4e07-948d-329f4b722ee2"' omni.json >x && mv x omni.json
	route 0 'text:"it\u2019s"' && cp out routed
	T=1 S=2 want 0 omni-deliver -c omni.json --dry-run=json routed
	[ "$(get '.body | fromjson | .text')" = "it's" ]
}

@test "whoever has opted out gets nothing: the list that the inbound half feeds" {
	conf '"consent":{"list":"stop"},"routes":{"to":"consent"}'
	route 0 ''
	inbound 'text:"Stop"' | omni-route -c omni.json --split '%s'
	mv consent stop
	route 1 '' && refused denied opted-out
	route 0 'to:[{address:"+12125550199"}]'
	route 1 'to:[{address:"+12125550199"},{address:"+12125550123"}]' && refused denied opted-out
	inbound 'text:"Start",at:"2026-01-14T10:00:00.000Z"' | omni-route -c omni.json --split '%s'
	cat consent >>stop
	route 0 ''
}

@test "an opt-out reaches as far as the scope says, and stops nothing that is exempt" {
	inbound 'kind:"event",event:"opt-out"' >stop
	conf '"consent":{"list":"stop","scope":"channel"}'
	route 1 '' && refused denied opted-out
	route 1 'channel:"mms"' && refused denied opted-out
	route 0 'channel:"whatsapp"'
	conf '"consent":{"list":"stop","scope":"account"}'
	route 0 '' --explain && sends bandwidth && [ "$(lost twilio)" = opted-out ]
	route 0 'channel:"whatsapp",carrier:"twilio",type:"template",template:{name:"t",language:"en"}'
	conf '"consent":{"list":"stop","scope":"address"}'
	route 0 '' && sends bandwidth
	route 1 'carrier:"twilio"' && refused denied opted-out
	conf '"consent":{"list":"stop","exempt":["otp"]}'
	route 0 'category:"otp"'
	route 1 'category:"marketing"' && refused denied opted-out
}

@test "the store knows of opt-outs, too; the later word counts" {
	conf
	inbound 'kind:"event",event:"opt-out"' | omni-store put -f s >/dev/null
	route 1 '' --store s && refused denied opted-out
	inbound 'kind:"event",event:"opt-in",at:"2026-01-14T11:00:00.000Z"' >stop
	conf '"consent":{"list":"stop"}'
	route 0 '' --store s
	want 78 omni-route -c omni.json --store none </dev/null || want 74 omni-route -c omni.json --store none </dev/null
}

@test "WhatsApp: only a template goes to whom has not written for a day, and the reject names it" {
	conf '"templates":{"name":"order_ready","carrier":"whatsapp","languages":[{"language":"en","body":"x","status":"approved"}]},
		"policies":{"name":"p","template":"order_ready"}'
	omni-store put -f s </dev/null
	route 1 'channel:"whatsapp"' --store s && refused denied window-closed
	[ "$(get .detail)" = 'the recipient has not written for 24 hours, so only a template may go; the template "order_ready" would' ]
	route 0 'channel:"whatsapp",type:"template",template:{name:"order_ready"}' --store s
	inbound 'channel:"whatsapp",carrier:"whatsapp",account:"shop",at:"2026-01-13T15:00:01.000Z",to:[{address:"200000000000002"}]' | omni-store put -f s >/dev/null
	route 0 'channel:"whatsapp"' --store s
	[ "$(get '.route.window.expires_at')" = 2026-01-14T15:00:01.000Z ]
	now=2026-01-14T15:00:01Z route 1 'channel:"whatsapp"' --store s && refused denied window-closed
	# Without a store nobody knows.
	route 0 'channel:"whatsapp"'
}

@test "quiet hours are those of where the number is at home" {
	conf '"quiet_hours":{"name":"night","from":"21:00","to":"08:00"}'
	route 0 ''
	now=2026-01-15T02:30:00Z route 1 '' && refused temp quiet-hours
	[ "$(get .retry_at)" = 2026-01-15T13:00:00.000Z ]
	now=2026-01-15T02:30:00Z route 0 'to:[{address:"+13105550123"}]' # half past six in Los Angeles
	now=2026-01-15T02:30:00Z route 0 'category:"otp"'
	# An area code that nobody knows: somewhere in the country it is night.
	now=2026-01-15T02:30:00Z route 1 'to:[{address:"+15550123"}]'
	[ "$(get .retry_at)" = 2026-01-15T18:00:00.000Z ]
	now=2026-03-08T06:30:00Z route 1 '' # clocks are set an hour ahead at two
	[ "$(get .retry_at)" = 2026-03-08T12:00:00.000Z ]
	conf '"quiet_hours":[{"name":"fr","countries":["FR"],"days":["sat","sun"],"from":"20:00","to":"10:00","then":"drop","categories":["marketing"]}]'
	now=2026-01-17T20:00:00Z route 0 'category:"marketing"'
	now=2026-01-17T20:00:00Z route 1 'category:"marketing",to:[{address:"+33612345678"}]' && refused denied quiet-hours
	now=2026-01-19T08:59:00Z route 1 'category:"marketing",to:[{address:"+33612345678"}]' # Sunday's, on Monday
	now=2026-01-19T09:00:00Z route 0 'category:"marketing",to:[{address:"+33612345678"}]'
}

@test "what has expired is refused, what is too early waits, and what can not go in time is refused at once" {
	conf '"quiet_hours":{"name":"night","from":"21:00","to":"08:00"}'
	route 1 'expires_at:"2026-01-14T15:00:00Z"' && refused denied expired
	route 0 'expires_at:"2026-01-14T15:00:00.001Z"'
	route 1 'send_at:"2026-01-14T16:00:00+00:00"' && refused temp not-yet
	[ "$(get .retry_at)" = 2026-01-14T16:00:00.000Z ]
	route 0 'send_at:"2026-01-14T15:00:00Z"'
	now=2026-01-15T02:30:00Z route 1 'expires_at:"2026-01-15T12:00:00Z"' && refused denied expired
	route 1 'expires_at:"soon"' && refused data message-malformed
	route 1 'to:[]' && refused data message-malformed
	route 1 'channel:null' && refused data message-malformed
}

@test "--shadow says where another configuration chooses another, and nothing else of it counts" {
	conf '"policies":{"name":"mine","candidates":[{"carrier":"twilio"}]}'
	mv omni.json mine.json
	conf '"policies":{"name":"other","candidates":[{"carrier":"bandwidth"}]},"consent":{"list":"stop"}'
	mv omni.json other.json
	cp mine.json omni.json
	route 0 '' --shadow mine.json && cp out same
	[ "$(get .route.shadow)" = null ]
	route 0 '' --shadow other.json
	[ "$(get .route.shadow)" = '{"policy":"other","carrier":"bandwidth","account":"main","from":"+15550142"}' ]
	jq -c 'del(.route.shadow)' out | cmp - same
	inbound 'kind:"event",event:"opt-out"' >stop
	route 0 '' --shadow other.json && [ "$(get .route.shadow)" = '{"class":"denied","code":"opted-out"}' ]
	cp other.json omni.json
	route 1 '' --shadow mine.json && refused denied opted-out
	[ "$(get .report.shadow.carrier)" = twilio ]
	want 78 omni-route -c omni.json --shadow nothing.json </dev/null
}

@test "threads, a fused pipe and a replay come to the same bytes" {
	conf '"policies":{"name":"p","order":["weight","cheapest"]},"quiet_hours":{"name":"night","from":"21:00","to":"08:00"}'
	for i in {100..999}; do message 'id:"r'$i'",to:[{address:"+1'$i'5550123"}]'; done >in
	export OMNI_CLOCK=2026-01-15T02:30:00Z
	want 1 omni-route -c omni.json in
	cp out first
	want 1 omni-route -c omni.json -j 4 in
	cmp out first
	want 1 omni-pipe route -c omni.json in
	cmp out first
}

@test "a configuration that can not be is refused, and says where" {
	broken '"policies":{"name":"p","candidates":[{"carrier":"twilo"}]}' '/policies/candidates/0: there is no such candidate'
	broken '"policies":[{"name":"p"},{"name":"p"}]' '/policies/1: a policy before it has this name'
	broken '"policies":{"name":"p","order":["luck"]}' '"order" takes priority'
	broken '"policies":{"name":"p","template":"x"}' 'its template is not among "templates"'
	broken '"pools":{"name":"x","numbers":["+1"]}' 'a number that is not among "numbers"'
	broken '"quiet_hours":{"name":"x","from":"25:00","to":"08:00"}' '/quiet_hours/0: they need "from" and "to"'
	broken '"quiet_hours":{"name":"x","from":"21:00","to":"08:00","countries":["FR","UK"]}' 'no number is at home in "UK"'
	broken '"quiet_hours":{"name":"x","from":"08:00","to":"08:00"}' '/quiet_hours/0: they never end'
	broken '"capabilities":{"carrier":"twilio","prefixes":["+1"]}' 'a prefix is 1 to 15 digits'
	broken '"consent":{"exempt":["all"]}' '/consent/exempt'
	broken '"prices":[{"carrier":"twilio","channel":"sms","per":"word","price":1,"currency":"USD"}]' '/prices/0/per: must be segment'
	broken '"polices":{"name":"p"}' 'did you mean "policies"'
}

@test "a message on the channel push goes on to omni-push as it is, unless it may not go to anybody" {
	conf
	route 1 'channel:"push"'
	refused denied no-candidate
	conf '"push":{"fcm":{"service_account":"file:x"}},"consent":{"list":"said"}'
	: >said
	route 0 'channel:"push"' --explain
	message 'channel:"push"' | cmp - out
	route 0 'channel:"push"' --shadow omni.json
	message 'channel:"push"' | cmp - out
	echo '{"kind":"event","event":"opt-out","at":"2026-01-14T09:00:00.000Z","channel":"push","from":{"address":"+12125550123"}}' >said
	route 1 'channel:"push"'
	refused denied opted-out
	route 1 'channel:"push",expires_at:"2026-01-14T14:00:00.000Z"'
	refused denied expired
}
