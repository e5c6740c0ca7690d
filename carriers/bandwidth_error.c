/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

/* In order of code. */
static const struct cause table[] = {
	{ 4001, CAUSE_CREDENTIALS, "service-not-allowed" },
	{ 4301, CAUSE_PERMANENT, "malformed-invalid-encoding" },
	{ 4302, CAUSE_CREDENTIALS, "malformed-invalid-from-number" },
	{ 4303, CAUSE_PERMANENT, "malformed-invalid-to-number" },
	{ 4350, CAUSE_PERMANENT, "malformed-for-destination" },
	{ 4360, CAUSE_PERMANENT, "message-not-sent-expiration-date-passed" },
	{ 4401, CAUSE_PERMANENT, "rejected-routing-error" },
	{ 4403, CAUSE_CREDENTIALS, "rejected-forbidden-from-number" },
	{ 4404, CAUSE_PERMANENT, "rejected-forbidden-to-number" },
	{ 4405, CAUSE_CREDENTIALS, "rejected-unallocated-from-number" },
	{ 4406, CAUSE_PERMANENT, "rejected-unallocated-to-number" },
	{ 4407, CAUSE_CREDENTIALS, "rejected-account-not-defined-from-number" },
	{ 4408, CAUSE_PERMANENT, "rejected-account-not-defined-to-number" },
	{ 4409, CAUSE_PERMANENT, "rejected-invalid-from-profile" },
	{ 4410, CAUSE_TEMP, "media-unavailable" },
	{ 4411, CAUSE_PERMANENT, "rejected-message-size-limit-exceeded" },
	{ 4412, CAUSE_PERMANENT, "media-content-invalid" },
	{ 4420, CAUSE_PERMANENT, "rejected-carrier-does-not-exist" },
	{ 4421, CAUSE_PERMANENT, "rejected-forbidden-no-destination" },
	{ 4431, CAUSE_CREDENTIALS, "rejected-forbidden-shortcode" },
	{ 4432, CAUSE_CREDENTIALS, "rejected-forbidden-country" },
	{ 4433, CAUSE_CREDENTIALS, "rejected-forbidden-tollfree" },
	{ 4434, CAUSE_PERMANENT, "rejected-forbidden-tollfree-for-recipient" },
	{ 4435, CAUSE_PERMANENT, "forbidden-too-many-recipients" },
	{ 4451, CAUSE_CREDENTIALS, "rejected-wrong-user-id" },
	{ 4452, CAUSE_CREDENTIALS, "rejected-wrong-application-id" },
	{ 4470, CAUSE_PERMANENT, "rejected-spam-detected" },
	{ 4481, CAUSE_CREDENTIALS, "rejected-from-number-in-blacklist" },
	{ 4482, CAUSE_OPTED_OUT, "rejected-to-number-in-blacklist" },
	{ 4492, CAUSE_PERMANENT, "reject-emergency" },
	{ 4493, CAUSE_CREDENTIALS, "rejected-unauthorized" },
	{ 4700, CAUSE_PERMANENT, "invalid-service-type" },
	{ 4701, CAUSE_TEMP, "destination-service-unavailable" },
	{ 4702, CAUSE_TEMP, "destination-subscriber-unavailable" },
	{ 4711, CAUSE_PERMANENT, "rejected-message-size-limit-exceeded" },
	{ 4712, CAUSE_PERMANENT, "media-content-invalid" },
	{ 4720, CAUSE_PERMANENT, "invalid-destination-address" },
	{ 4721, CAUSE_PERMANENT, "destination-tn-deactivated" },
	{ 4730, CAUSE_PERMANENT, "no-route-to-destination-carrier" },
	{ 4740, CAUSE_CREDENTIALS, "invalid-source-address-address" },
	{ 4750, CAUSE_PERMANENT, "destination-rejected-message" },
	{ 4751, CAUSE_PERMANENT, "destination-rejected-message-size-invalid" },
	{ 4752, CAUSE_PERMANENT, "destination-rejected-malformed" },
	{ 4753, CAUSE_PERMANENT, "destination-rejected-handset" },
	{ 4770, CAUSE_PERMANENT, "destination-spam-detected" },
	{ 4771, CAUSE_PERMANENT, "rejected-shortened-url" },
	{ 4772, CAUSE_OPTED_OUT, "rejected-tn-blocked" },
	{ 4773, CAUSE_CREDENTIALS, "inactive-campaign" },
	{ 4774, CAUSE_CREDENTIALS, "provisioning-issue" },
	{ 4775, CAUSE_OPTED_OUT, "destination-rejected-due-to-user-opt-out" },
	{ 4780, CAUSE_THROTTLED, "volume-violation-tmo" },
	{ 4781, CAUSE_THROTTLED, "volume-violation-att" },
	{ 4785, CAUSE_THROTTLED, "volumetric-violation" },
	{ 4790, CAUSE_OPTED_OUT, "destination-rejected-sc-not-allowed" },
	{ 4791, CAUSE_CREDENTIALS, "destination-rejected-campaign-not-allowed" },
	{ 4792, CAUSE_CREDENTIALS, "destination-rejected-sc-not-provisioned" },
	{ 4793, CAUSE_CREDENTIALS, "destination-rejected-sc-expired" },
	{ 4795, CAUSE_CREDENTIALS, "tfn-not-verified" },
	{ 5100, CAUSE_TEMP, "temporary-app-error" },
	{ 5101, CAUSE_TEMP, "temporary-app-shutdown" },
	{ 5106, CAUSE_TEMP, "impossible-to-route" },
	{ 5111, CAUSE_TEMP, "temporary-app-connection-closed" },
	{ 5201, CAUSE_TEMP, "temporary-rout-error-retries-exceeded" },
	{ 5211, CAUSE_TEMP, "temporary-app-error-app-busy" },
	{ 5220, CAUSE_TEMP, "temporary-store-error" },
	{ 5231, CAUSE_TEMP, "discarded-concatenation-timeout" },
	{ 5500, CAUSE_TEMP, "message-send-failed" },
	{ 5501, CAUSE_TEMP, "message-send-failed" },
	{ 5600, CAUSE_THROTTLED, "destination-carrier-queue-full" },
	{ 5610, CAUSE_TEMP, "submit-sm-or-submit-multi-failed" },
	{ 5620, CAUSE_TEMP, "destination-app-error" },
	{ 5630, CAUSE_TEMP, "message-not-acknowledged" },
	{ 5650, CAUSE_TEMP, "destination-failed" },
	{ 5999, CAUSE_TEMP, "unknown-error" },
	{ 9902, CAUSE_UNKNOWN, "delivery-receipt-expired" },
	{ 9999, CAUSE_UNKNOWN, "unknown-error" },
};

/* What the first digit says: whose fault it is, and so whether sending it again can help. */
static const struct cause kinds[] = {
	{ 4000, CAUSE_PERMANENT, NULL },
	{ 5000, CAUSE_TEMP, NULL },
	{ 9000, CAUSE_UNKNOWN, NULL },
};

static const struct cause none = { 0, CAUSE_UNKNOWN, NULL };

const struct cause *bandwidth_error(int64_t code)
{
	const struct cause *known = cause_find(table, LEN(table), code);

	for (size_t i = 0; !known && i < LEN(kinds); i++)
		if (code >= kinds[i].code && code < kinds[i].code + 1000)
			known = &kinds[i];
	return known ? known : &none;
}
