# jq -nc -f normalize.jq: what omni-normalize makes of the kinds of webhooks in the corpus, and of no others, but for `id` and
# `conversation`: they need SHA-1, which jq has not.  Runs on jq 1.6 and later.

# ---- tables, made once: the program is one constant record of tables, bound before the input is looked at ----
def hex_digits: "0123456789abcdef";
def base64_chars: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

{accepted: 1, queued: 2, sending: 3, sent: 4, delivered: 5, read: 6, played: 7, failed: 8, undelivered: 8, canceled: 8} as $ranks
| {"30007": {class: "permanent", text: "filtered by the carrier"}} as $twilio_errors
| {"131047": "permanent"} as $whatsapp_errors
| {STOP: "opt-out", START: "opt-in", HELP: "help"} as $keywords
# The parameters of Twilio that have a place in a record; all others go into carrier_data.
| (["AccountSid", "Address", "Body", "ButtonPayload", "ButtonText", "ErrorCode", "Forwarded", "FrequentlyForwarded", "From", "Label",
    "Latitude", "ListId", "ListTitle", "Longitude", "MediaContentType0", "MediaContentType1", "MediaUrl0", "MediaUrl1", "MessageSid",
    "MessageStatus", "MessageType", "NumMedia", "OptOutType", "OriginalRepliedMessageSid", "ProfileName", "ReferralNumMedia",
    "SmsMessageSid", "SmsSid", "SmsStatus", "To"] | map({(.): true}) | add) as $known
# Two characters of base64 are three digits of hex.
| ([range(64) as $i | range(64) as $k | ($i * 64 + $k) as $n
    | {(base64_chars[$i:$i + 1] + base64_chars[$k:$k + 1]):
       (hex_digits[($n / 256 | floor):][:1] + hex_digits[($n / 16 | floor) % 16:][:1] + hex_digits[$n % 16:][:1])}] | add) as $base64

# ---- helpers ----
| def opt($key; $value): if $value == null then . else .[$key] = $value end;
def filled: if . == {} then null else . end;
def phone: if test("^[1-9][0-9]{6,14}$") then "+" + . else . end;
def time: tonumber | todate | .[:-1] + ".000Z";

# What is fast on jq 1.6 was measured: this is several times as fast as join or gsub.
def replace($from; $to): split($from) | reduce .[1:][] as $part (.[0]; . + $to + $part);
def unescape: "\"" + replace("%"; "\\u00") + "\"" | fromjson;
# Codepoints that stand for the bytes of UTF-8 -> text.
def utf8:
  [foreach .[] as $byte ([0, 0];
     if $byte < 192 then [.[0] * 64 + $byte - 128, .[1] - 1]
     elif $byte < 224 then [$byte - 192, 1]
     elif $byte < 240 then [$byte - 224, 2]
     else [$byte - 240, 3] end;
     if .[1] == 0 then .[0] else empty end)]
  | implode;
# A form is decoded by making JSON of it, "%3F" -> "\u003F", what is beyond ASCII before that.  Empty is the same as not there.
def form:
  reduce ([scan("(?:%[89A-F][0-9A-F])+")] | unique | sort_by(-length)[]) as $bytes (.; replace($bytes; $bytes | unescape | explode | utf8))
  | "{\"" + (replace("+"; " ") | replace("%"; "\\u00") | replace("="; "\":\"") | replace("&"; "\",\"")) + "\"}"
  | fromjson as $all
  | reduce ($all | keys_unsorted[] | select($all[.] != "")) as $name ({}; . + {($name): $all[$name]});

# ---- Twilio ----
def media($p; $channel; $i):
  if $p["MediaUrl\($i)"] == null then empty
  else
    $p["MediaContentType\($i)"] as $mime
    | {url: $p["MediaUrl\($i)"], mime: $mime,
       kind: (if $channel == "whatsapp" and ($mime | startswith("audio/ogg")) then "voice"
              else $mime | split("/")[0] | if . == "image" or . == "video" or . == "audio" then . else "document" end end)},
      media($p; $channel; $i + 1)
  end;
def twilio_reply($p):
  if $p.ButtonPayload or $p.ButtonText then {kind: "button"} | opt("id"; $p.ButtonPayload) | opt("title"; $p.ButtonText)
  elif $p.ListId or $p.ListTitle then {kind: "list"} | opt("id"; $p.ListId) | opt("title"; $p.ListTitle)
  else null end;
def twilio_context($p):
  {}
  | if $p.Forwarded == "true" then .forwarded = true else . end
  | if $p.FrequentlyForwarded == "true" then .frequently_forwarded = true else . end
  | if $p.OptOutType then .keyword = $keywords[$p.OptOutType | ascii_upcase] else . end
  | filled;
def twilio_message($p; $channel):
  ($channel // if ($p.NumMedia // "0") != "0" then "mms" else "sms" end) as $channel
  | [media($p; $channel; 0)] as $media
  | twilio_reply($p) as $reply
  | (if $reply then "reply" elif $p.Latitude then "location" elif $media != [] then "media" else "text" end) as $type
  | .direction = "in" | .channel = $channel | .type = $type
  | if $p.ProfileName then .from.name = $p.ProfileName else . end
  | opt("text"; $p.Body // if $type == "text" then "" else $reply.title end)
  | if $media != [] then .media = $media else . end
  | if $type == "location" then
      .location = ({latitude: ($p.Latitude | tonumber), longitude: ($p.Longitude | tonumber)}
                   | opt("name"; $p.Label) | opt("address"; $p.Address))
    else . end
  | opt("reply"; $reply)
  | opt("reply_to"; $p.OriginalRepliedMessageSid)
  | opt("context"; twilio_context($p));
def twilio_status($p; $channel):
  .kind = "status" | .direction = "out"
  | .channel = ($channel // if $p.MessageSid | startswith("MM") then "mms" else "sms" end)
  | .status = $p.MessageStatus | .rank = $ranks[$p.MessageStatus] | .recipient = .to[0].address
  | if $p.ErrorCode then .error = ($twilio_errors[$p.ErrorCode] // {class: "permanent"}) + {carrier_code: $p.ErrorCode} else . end;
def twilio:
  . as $hook
  | (.request.body | form) as $p
  | (reduce ($p | keys_unsorted[] | select($known[.] | not)) as $name ({}; . + {($name): $p[$name]})) as $data
  | (if $p.From | startswith("whatsapp:") then "whatsapp" else null end) as $channel
  | {kind: "message", at: $hook.at, carrier: "twilio", account: $p.AccountSid, external_id: $p.MessageSid,
     from: {address: (if $channel then $p.From[9:] | phone else $p.From end)},
     to: [{address: (if $channel then $p.To[9:] | phone else $p.To end)}]}
  | if $p.MessageStatus then twilio_status($p; $channel) else twilio_message($p; $channel) end
  | opt("carrier_data"; $data | filled)
  | .trace = $hook.trace;

# ---- WhatsApp ----
def sha256: . as $text | reduce range(0; 42; 2) as $i (""; . + $base64[$text[$i:$i + 2]]) + $base64[$text[42:43] + "A"][:1];
def whatsapp_media($type; $content):
  .type = "media"
  | opt("text"; $content.caption)
  | .media = [{external_id: $content.id, mime: $content.mime_type, kind: (if $content.voice then "voice" else $type end),
               sha256: ($content.sha256 | sha256)}
              | opt("name"; $content.filename) | opt("caption"; $content.caption)]
  | .data += ($content | del(.id, .mime_type, .filename, .caption, .voice, .sha256) | filled | if . then {($type): .} else {} end);
def whatsapp_interactive($content):
  $content[$content.type] as $choice
  | .type = "reply" | .text = $choice.title
  | .reply = {kind: (if $content.type == "button_reply" then "button" else "list" end), id: $choice.id, title: $choice.title}
  | .data += ($choice | del(.id, .title) | filled | if . then {($content.type): .} else {} end);
def whatsapp_message($hook; $ours; $contacts; $m):
  first(($contacts[]? | select(.wa_id == $m.from)), null) as $contact
  | {kind: "message", at: ($m.timestamp | time), direction: "in", carrier: "whatsapp", account: $ours.id, channel: "whatsapp",
     external_id: $m.id, from: ({address: ($m.from | phone)} | opt("name"; $contact.profile.name)), to: [{address: $ours.number}],
     data: ($m | del(.id, .from, .timestamp, .context, .type, .[$m.type]))}
  | if $m.context then
      .reply_to = $m.context.id
      | if ($m.context.from | phone) != $ours.number then .context = {from: ($m.context.from | phone)} else . end
    else . end
  | $m[$m.type] as $content
  | if $m.type == "text" then .type = "text" | .text = $content.body
    elif $m.type == "interactive" then whatsapp_interactive($content)
    elif $m.type == "location" then .type = "location" | .location = $content
    elif $m.type == "reaction" then .type = "reaction" | .reaction = {emoji: $content.emoji, message: $content.message_id}
    else whatsapp_media($m.type; $content) end
  | opt("carrier_data"; .data | filled) | del(.data)
  | .trace = $hook.trace;
def whatsapp_status($hook; $ours; $s):
  ($s.recipient_id | phone) as $recipient
  | {kind: "status", at: ($s.timestamp | time), direction: "out", carrier: "whatsapp", account: $ours.id, channel: "whatsapp",
     external_id: $s.id, from: {address: $ours.number}, to: [{address: $recipient}],
     status: $s.status, rank: $ranks[$s.status], recipient: $recipient}
  | if $s.errors then
      $s.errors[0] as $error
      | .error = {class: ($whatsapp_errors[$error.code | tostring] // "unknown"), carrier_code: ($error.code | tostring),
                  text: ($error.title + ($error.error_data.details as $d | if $d and $d != $error.title then ": " + $d else "" end))}
    else . end
  | opt("carrier_data"; $s | del(.id, .status, .timestamp, .recipient_id, .errors) | filled)
  | .trace = $hook.trace;
def whatsapp:
  . as $hook
  | .request.body | fromjson | .entry[].changes[].value
  | . as $v
  | {id: .metadata.phone_number_id, number: (.metadata.display_phone_number | phone)} as $ours
  | (.messages[]? | whatsapp_message($hook; $ours; $v.contacts; .)),
    (.statuses[]? | whatsapp_status($hook; $ours; .));

# The tables must not be made for each record, so the records are taken here: run with -n.
inputs
| if .kind != "webhook" then .
  elif .verified.scheme == null then {kind: "reject", class: "denied", code: "not-verified", record: .}
  elif .carrier == "twilio" then twilio
  else whatsapp end
