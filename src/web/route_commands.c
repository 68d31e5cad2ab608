/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/route_commands.h"

#define NOTE                                                               \
	{                                                                  \
		"note", JSON_STRING, false, "Why, for those who ask later" \
	}

const struct route_command route_override_add = { .name = "override.add",
	.members = {
		{ "indicator", JSON_STRING, true, "An address, prefix, name or URL" },
		{ "kind", JSON_STRING, true, "allow or block" },
		{ "owner", JSON_STRING, true, "Who answers for it" },
		{ "reason", JSON_STRING, true, "Why" },
		{ "days", JSON_INTEGER, false, "Until it ends; or until" },
		{ "until", JSON_STRING, false, "When it ends; or days" },
	} };
const struct route_command route_override_approve = {
	.name = "override.approve", .capture = "id", .is_number = true, .members = { NOTE }
};
const struct route_command route_override_refuse = {
	.name = "override.refuse", .capture = "id", .is_number = true, .members = { NOTE }
};
const struct route_command route_override_revoke = {
	.name = "override.revoke", .capture = "id", .is_number = true
};
const struct route_command route_policy_add = { .name = "policy.add",
	.members = {
		{ "name", JSON_STRING, true, "The audience; default makes the actions" },
		{ "policy", JSON_OBJECT, true, "See docs/score.md" },
		NOTE,
	} };
const struct route_command route_policy_try = {
	.name = "policy.try", .capture = "id", .is_number = true
};
const struct route_command route_policy_live = {
	.name = "policy.live", .capture = "id", .is_number = true, .members = { NOTE }
};
const struct route_command route_model_refit = { .name = "model.refit",
	.members = { { "decay", JSON_BOOL, false, "Refit the decay, too" } } };
const struct route_command route_model_try = {
	.name = "model.try", .capture = "version", .is_number = true
};
const struct route_command route_model_live = {
	.name = "model.live", .capture = "version", .is_number = true, .members = { NOTE }
};
const struct route_command route_pending_approve = { .name = "pending.approve",
	.capture = "id",
	.is_number = true,
	.members = {
		NOTE,
		{ "owner", JSON_STRING, false, "Of the override that lists what a guard holds" },
		{ "days", JSON_INTEGER, false, "Until that override ends" },
	} };
const struct route_command route_pending_dismiss = {
	.name = "pending.dismiss", .capture = "id", .is_number = true, .members = { NOTE }
};
const struct route_command route_source_change = { .name = "source.set",
	.capture = "name",
	.members = {
		{ "standing", JSON_STRING, false, "new, vouched or sensor" },
		{ "weight", JSON_REAL, false, "Log-odds that a fresh claim adds until proven" },
		{ "family", JSON_STRING, false, "Sources that copy each other" },
		{ "traits", JSON_ARRAY, false, "spoofable, critical, cloud, shared" },
	} };
